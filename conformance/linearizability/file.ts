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
  /** Why nothing is written any more, a full disk, or a value that JSON has not: neither must end the run. */
  error: Error | undefined = undefined;

  /** Begins a new file, in place of what was there. Throws what the file system does. */
  constructor(readonly path: string) {
    this.#descriptor = openSync(path, 'w');
  }

  write(entry: Entry<I, O>): void {
    if (this.#descriptor === undefined) return;
    try {
      const line = Buffer.from(`${JSON.stringify({ ...entry, end: entry.end === Infinity ? null : entry.end })}\n`);
      // A system may take less than it is given.
      for (let at = 0; at < line.length; ) at += writeSync(this.#descriptor, line, at);
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

/** Longest line that is read, in characters. */
const longestLine = 1 << 20;

const lineShape = z.object({
  id: z.int().nonnegative(),
  actor: z.string().max(1_000),
  invocation: z.unknown(),
  response: z.unknown().optional(),
  start: z.number(),
  end: z.number().nullable(),
});

/** A line of a history file is not what it should be. */
export class HistoryFileError extends Error {
  override readonly name = 'HistoryFileError';
}

/**
 * Reads a file of entries, one on each line, each at its call and again when it has ended. A last line that was not written to its
 * end is passed over; any other line that is no entry, or does not belong to the entry that it ends, throws a
 * {@link HistoryFileError} with its number, and so do more than `limit` entries. What is in invocations and responses is up to the
 * caller to look at. O(n).
 */
export async function readHistory(path: string, limit = 1_000_000): Promise<History> {
  const entries = new Map<number, Entry>();
  let number = 0;
  const refuse = (why: string): never => {
    throw new HistoryFileError(`${path}:${number}: ${why}`);
  };
  for await (const { line, ended } of linesOf(path)) {
    number++;
    if (line.length > longestLine) refuse(`longer than ${longestLine} characters`);
    const entry = parse(line);
    if (entry === undefined && !ended) break;
    if (entry === undefined) return refuse('expected {"id", "actor", "invocation", "response", "start", "end"}, "end" not before "start", or null');
    const call = entries.get(entry.id);
    if (call !== undefined && (call.end !== Infinity || call.actor !== entry.actor || call.start !== entry.start)) refuse(`entry ${entry.id} has ended already, or is another`);
    if (call === undefined && entries.size >= limit) refuse(`more than ${limit} entries`);
    entries.set(entry.id, entry);
  }
  return [...entries.values()];
}

function parse(line: string): Entry | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { data } = lineShape.safeParse(json);
  if (data === undefined || (data.end !== null && data.end < data.start)) return undefined;
  const { id, actor, invocation, response, start, end } = data;
  return { id, actor, invocation, response: end === null ? undefined : response, start, end: end ?? Infinity };
}

/** The lines of a file, and whether they were ended; of one that is too long, its beginning. */
async function* linesOf(path: string): AsyncGenerator<{ line: string; ended: boolean }> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield { line, ended: true };
    if (rest.length > longestLine) break;
  }
  if (rest !== '') yield { line: rest, ended: false };
}
