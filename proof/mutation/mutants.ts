import { z } from 'zod';

const position = z.object({ line: z.number(), column: z.number() });

/** As much of a report of Stryker as is read here: the schema is that of mutation-testing-elements. */
const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.string().optional(),
          status: z.enum(['Killed', 'Survived', 'NoCoverage', 'Timeout', 'CompileError', 'RuntimeError', 'Ignored', 'Pending']),
          location: z.object({ start: position, end: position }),
        }),
      ),
    }),
  ),
});

/** A change of our code. It is known by its text, which stays the same when lines move. */
export interface Mutant {
  readonly file: string;
  /** The line in which it begins. */
  readonly line: string;
  readonly from: string;
  readonly to: string;
}

export interface Judged extends Mutant {
  readonly fate: 'killed' | 'timed out' | 'survived' | 'no coverage' | 'invalid';
}

const fates = { Killed: 'killed', Timeout: 'timed out', Survived: 'survived', NoCoverage: 'no coverage', CompileError: 'invalid', RuntimeError: 'invalid', Ignored: 'invalid', Pending: 'invalid' } as const;

/** The mutants of a report, in the order of the files. */
export function mutantsOf(report: unknown): Judged[] {
  const { files } = reportSchema.parse(report);
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants.map(({ mutatorName, replacement, status, location: { start, end } }) => {
      const within = lines.slice(start.line - 1, end.line);
      within[within.length - 1] = within[within.length - 1]!.slice(0, end.column - 1);
      within[0] = within[0]!.slice(start.column - 1);
      return { file, line: short(lines[start.line - 1]!), from: short(within.join('\n')), to: short(replacement ?? mutatorName), fate: fates[status] };
    });
  });
}

/**
 * What may be gone on from: a report that says nothing of what has to be run again. Of what is changed while a module
 * loads Stryker does not know which tests reach it, so that it would survive whatever test is written (9.6.1); and what
 * timed out may only have been slow.
 */
export function goneOnFrom(report: unknown, { timedOut }: { readonly timedOut: boolean }): unknown {
  const kept = report as { readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string; readonly static?: boolean }[] }>> };
  const stands = ({ status, static: whileLoading }: { readonly status: string; readonly static?: boolean }): boolean => !(whileLoading === true && status === 'Survived') && !(timedOut && status === 'Timeout');
  return { ...kept, files: Object.fromEntries(Object.entries(kept.files).map(([name, file]) => [name, { ...file, mutants: file.mutants.filter(stands) }])) };
}

/** On one line, and no longer than it takes to know it again. */
function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}

export const keyOf = ({ file, line, from, to }: Mutant): string => [file, line, from, to].join('\n');
