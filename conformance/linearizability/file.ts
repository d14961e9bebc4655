import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { z } from 'zod';
import type { Entry, History } from './history.js';
import type { Sink } from './recorder.js';

/**
 * Writes a history to a file as it comes about, an entry on each line as JSON: at its call, and again when it has ended; `end` is
 * null as long as there is none. Each line is with the operating system before the next step is taken, so what a process has done
 * can be read after it was killed.
 */
export class HistoryFile<I, O> implements Sink<I, O> {
  #descriptor: number | undefined;
  /** Why nothing is written any more: a disk that is full must not end the run. */
  error: Error | undefined = undefined;

  /** Begins a new file, in place of what was there. Throws what the file system does. */
  constructor(readonly path: string) {
    this.#descriptor = openSync(path, 'w');
  }

  write(entry: Entry<I, O>): void {
    if (this.#descriptor === undefined) return;
    const line = `${JSON.stringify({ ...entry, response: entry.response ?? null, end: entry.end === Infinity ? null : entry.end })}\n`;
    try {
      writeSync(this.#descriptor, line);
    } catch (error) {
      this.error = error as Error;
      this.close();
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Longest line that is read. Characters. */
const longestLine = 1 << 20;

const lineShape = z.object({
  id: z.number().int().nonnegative(),
  actor: z.string().max(1_000),
  invocation: z.unknown(),
  response: z.unknown(),
  start: z.number(),
  end: z.number().nullable(),
});

/** A line of a history file is not what it should be. */
export class HistoryFileError extends Error {
  override readonly name = 'HistoryFileError';
}

/**
 * Reads a file of entries, one on each line. Of an entry that comes several times the last counts. A last line that was not written
 * to its end is passed over; any other line that is no entry throws a {@link HistoryFileError} with its number.
 */
export async function readHistory(path: string): Promise<History> {
  const entries = new Map<number, Entry>();
  let number = 0;
  for await (const { line, ended } of linesOf(path)) {
    number++;
    const entry = parse(line);
    if (entry === undefined && !ended) break;
    if (entry === undefined) throw new HistoryFileError(`${path}:${number}: expected {"id", "actor", "invocation", "response", "start", "end"}, "end" not before "start", or null`);
    entries.set(entry.id, entry);
  }
  return [...entries.values()];
}

function parse(line: string): Entry | undefined {
  try {
    const { end, response, ...rest } = lineShape.parse(JSON.parse(line));
    if (end !== null && end < rest.start) return undefined;
    return { ...rest, invocation: rest.invocation, response: end === null ? undefined : response, end: end ?? Infinity };
  } catch {
    return undefined;
  }
}

/** The lines of a file, and whether they were ended. */
async function* linesOf(path: string): AsyncGenerator<{ line: string; ended: boolean }> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield { line, ended: true };
    if (rest.length > longestLine) throw new HistoryFileError(`${path}: a line is longer than ${longestLine} characters`);
  }
  if (rest !== '') yield { line: rest, ended: false };
}
