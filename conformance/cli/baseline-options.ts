import type { Command } from 'commander';
import { readFileSync, statSync } from 'node:fs';
import { LineCounter, parseDocument, stringify } from 'yaml';
import type { SpecificationVersion } from '../../spec/index.js';
import { safe } from '../engine/show.js';
import { expectationsFrom, ExpectationsError, parseExpectations, withExpectations, type Expectations } from '../report/baseline.js';
import type { Report } from '../report/result.js';
import { exitCodes, UsageError } from './exit.js';
import { jsonOf, writeText } from './write-file.js';

/** What is known not to hold, and where to write down what does not. */
export interface BaselineOptions {
  readonly expectedFailures?: string;
  readonly writeExpectedFailures?: string;
}

export function withBaselineOptions(command: Command): Command {
  return command
    .option('--expected-failures <file>', 'what is known not to hold, with reasons (YAML or JSON): it does not fail the run, and what holds by now does')
    .option('--write-expected-failures <file>', 'write such a file, of all that does not hold now');
}

/** What is expected of a run, once its file has been read. */
export class Expected {
  readonly #expectations: Expectations | undefined;

  /** Throws a {@link UsageError} for a file that cannot be read or understood, or written. */
  constructor(readonly options: BaselineOptions, specification: SpecificationVersion) {
    const { expectedFailures, writeExpectedFailures } = options;
    if (expectedFailures !== undefined) this.#expectations = readExpectations(expectedFailures, specification);
    if (writeExpectedFailures !== undefined) writeText(writeExpectedFailures, undefined);
  }

  /** The report, with what was expected beside it; and writes down what does not hold, if that was asked for. */
  compare(report: Report): Report {
    const compared = this.#expectations === undefined ? report : withExpectations(report, this.#expectations);
    const { writeExpectedFailures: file } = this.options;
    // A run that was cut short has not seen everything that fails.
    if (file !== undefined && !report.interrupted) writeText(file, write(expectationsFrom(compared, this.#expectations), file));
    return compared;
  }
}

/** The exit code that a report comes to: of one with expectations, whether these were met. */
export function exitCodeOf({ interrupted, verdict, baseline }: Report): number {
  if (interrupted) return exitCodes.interrupted;
  if (baseline !== undefined) return { met: exitCodes.conformant, broken: exitCodes.notConformant, inconclusive: exitCodes.inconclusive }[baseline.outcome];
  return verdict === 'conformant' ? exitCodes.conformant : verdict === 'not conformant' ? exitCodes.notConformant : exitCodes.inconclusive;
}

/** No list of some hundred requirements is longer. Bytes. */
const mostRead = 1_000_000;

function readExpectations(file: string, specification: SpecificationVersion): Expectations {
  try {
    if (statSync(file).size > mostRead) throw new ExpectationsError(`it is longer than ${mostRead} bytes`);
    return parseExpectations(dataIn(readFileSync(file, 'utf8')), specification);
  } catch (error) {
    throw new UsageError(`cannot use ${safe(file)}: ${safe((error as Error).message, 600)}`);
  }
}

/** JSON is YAML but for its tabs, so it is tried first. */
function dataIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, schema: 'core' });
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      throw new ExpectationsError(`line ${line}, column ${col}: ${error.message}`);
    }
    // Aliases are of no use here, and can be made to fill the memory.
    return document.toJS({ maxAliasCount: 0 }) as unknown;
  }
}

const head = `What does not hold yet: a failure on the list does not fail a run of \`sharded-registry verify --expected-failures\`, and
what is on the list and holds does. Each has a reason, which is yours to write; \`*\` in an id stands for anything.`;

function write(expectations: Expectations, file: string): string {
  if (file.endsWith('.json')) return jsonOf(expectations);
  return `${head.split('\n').map((line) => `# ${line}`).join('\n')}\n${stringify(expectations, { lineWidth: 0 })}`;
}
