/** A line that is none, or none that is read: why. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

const newline = 0x0a;

/**
 * Cuts a stream of bytes into lines. Holds back at most one line, of at most `longest` bytes. Throws {@link LineError} for one that is
 * longer, or no UTF-8.
 */
export class LineReader {
  #parts: Buffer[] = [];
  #size = 0;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(private readonly longest: number) {}

  /** The lines that end in this chunk, without empty ones. */
  *read(chunk: Buffer): Generator<string> {
    let from = 0;
    for (let end = chunk.indexOf(newline, from); end >= 0; end = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, end));
      from = end + 1;
      const line = this.#take();
      if (line.trim() !== '') yield line;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** What has come of a line that has no end. */
  get rest(): string {
    return Buffer.concat(this.#parts).toString('utf8').slice(0, 1_000);
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.longest) throw new LineError(`a line of more than ${this.longest} bytes`);
    this.#parts.push(part);
  }

  #take(): string {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    try {
      return this.#utf8.decode(bytes);
    } catch {
      throw new LineError('a line that is no UTF-8');
    }
  }
}

/** Reads a line as JSON. Throws {@link LineError} if it is none, or nested deeper than `deepest`: before anything recurses into it. */
export function readJson(line: string, deepest: number): unknown {
  if (line.length > 2 * deepest && depthOf(line) > deepest) throw new LineError(`JSON nested deeper than ${deepest}`);
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw new LineError(`a line that is no JSON (${(error as Error).message})`);
  }
}

const quote = 0x22;
const backslash = 0x5c;

/** How deep the brackets of a text are nested that may be JSON, those within strings left out. */
export function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === quote) {
      for (i++; i < text.length && text.charCodeAt(i) !== quote; i++) if (text.charCodeAt(i) === backslash) i++;
    } else if (c === 0x5b || c === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (c === 0x5d || c === 0x7d) depth--;
  }
  return deepest;
}
