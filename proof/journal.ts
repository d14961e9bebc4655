import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';

/**
 * What a long run has come to so far, a line for each result: after an interruption it goes on from there, unless the code has changed
 * since. The folder holds nothing else.
 */
export class Journal<R> {
  readonly results: Map<string, R>;
  readonly #file: URL;

  constructor(folder: URL, code: URL, private readonly keyOf: (result: R) => string) {
    mkdirSync(folder, { recursive: true });
    this.#file = new URL(`${digest(code)}.jsonl`, folder);
    for (const name of readdirSync(folder)) if (!this.#file.pathname.endsWith(name)) rmSync(new URL(name, folder));
    this.results = new Map(existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n').flatMap((line) => this.#read(line)) : []);
  }

  add(result: R): void {
    this.results.set(this.keyOf(result), result);
    appendFileSync(this.#file, `${JSON.stringify(result)}\n`);
  }

  /** A last line that was cut off by an interruption is passed over. */
  #read(line: string): [string, R][] {
    try {
      const result = JSON.parse(line) as R;
      return [[this.keyOf(result), result]];
    } catch {
      return [];
    }
  }
}

function digest(folder: URL): string {
  const hash = createHash('sha256');
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).filter((one) => one.endsWith('.js')).sort()) hash.update(name).update(readFileSync(new URL(name, folder)));
  return hash.digest('hex').slice(0, 16);
}
