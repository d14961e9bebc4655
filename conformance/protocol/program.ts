import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { AdapterError } from '../contract.js';
import { safe } from '../engine/show.js';
import { Connection, type Hear } from './connection.js';
import { limits } from './messages.js';

export interface ProgramOptions {
  readonly hear: Hear;
  /** It is of no use any more. Called once. */
  readonly broken: (error: AdapterError) => void;
  /** Where its stderr goes, line by line. */
  readonly log: (line: string) => void;
  /** Called when a process has begun, and when it has ended: whoever outlives this one ends its group. */
  readonly began?: (pid: number) => void;
  readonly ended?: (pid: number) => void;
}

/** Lines of its stderr that are kept, of which a verdict quotes the last few, and how long each may be. */
const keptLines = 24;
const quotedLines = 4;
const longestLine = 160;

/** Bytes of its stderr that are passed on. */
const mostLogged = 1024 * 1024;

/** How long it may take to end when its stdin has, and how long what it has written may take to arrive when it has. Milliseconds. */
const graceMs = 1_000;
const lastWordsMs = 250;

/**
 * A program that speaks the protocol on its stdin and stdout, in a process group of its own, which ends with it: and at the latest with
 * this process, whose end closes its stdin. Whatever it does, it harms nobody: it may crash, hang, flood or talk nonsense.
 */
export class Program {
  readonly connection: Connection;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #stderr: string[] = [];
  #logged = 0;
  readonly #exited: Promise<void>;

  constructor([file, ...args]: readonly string[], private readonly options: ProgramOptions) {
    const broken = (error: AdapterError): void => {
      this.kill();
      options.broken(error);
    };
    this.connection = new Connection({ write: (lines) => this.#write(lines), hear: options.hear, because: (reason) => this.because(reason), broken });
    // Without a shell: what was written is what runs.
    const child = (this.#child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: process.platform !== 'win32' }));
    if (child.pid !== undefined) {
      children.add(this);
      options.began?.(child.pid);
    }
    child.stdout.on('data', (chunk: Buffer) => this.connection.receive(chunk));
    this.#keepStderr(child.stderr);
    // To one that does not listen any more there is nothing to say: its end is told by itself.
    child.stdin.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      child.on('error', (error) => {
        this.#gone(`the program cannot be started: ${safe(error.message, 200)}`);
        resolve();
      });
      child.on('exit', (code, signal) => {
        children.delete(this);
        options.ended?.(child.pid!);
        // What it has left behind in its group goes with it.
        this.kill();
        resolve();
        const said = (): void => this.#gone(`the program ended, ${signal === null ? `with exit code ${code}` : `by ${signal}`}`);
        // Somebody else may hold its stdout open.
        const late = setTimeout(said, lastWordsMs);
        child.on('close', () => {
          clearTimeout(late);
          said();
        });
      });
    });
  }

  /** The reason of a verdict, with the last that it said on its stderr. */
  because(reason: string): AdapterError {
    const last = this.#stderr.slice(-quotedLines);
    // Some languages say what went wrong first, and then at length where.
    const telling = this.#stderr.findLast((line) => /(error|exception|panic)\b/i.test(line));
    const quoted = telling === undefined || last.includes(telling) ? last : [telling, ...last.slice(1)];
    return new AdapterError(`${reason}${quoted.length === 0 ? '' : `; the last of its stderr: ${quoted.map((line) => `"${line}"`).join(' / ')}`}`);
  }

  /** Lets it end by itself, which it does when its stdin ends, and ends it if it does not. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    const late = setTimeout(() => this.kill(), graceMs);
    await this.#exited;
    clearTimeout(late);
  }

  /** Ends it, and all that it has begun. */
  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      if (process.platform === 'win32') this.#child.kill('SIGKILL');
      else process.kill(-pid, 'SIGKILL');
    } catch {
      // Nobody is left.
    }
  }

  #write(lines: string): void {
    const { stdin } = this.#child;
    if (!stdin.writable) return;
    stdin.write(lines);
    if (stdin.writableLength > limits.backlog) this.connection.break(this.because(`the program does not read its stdin: ${limits.backlog} bytes of requests are waiting`));
  }

  #gone(reason: string): void {
    const { unfinished } = this.connection;
    this.connection.break(this.because(`${reason}${unfinished === '' ? '' : `, in the middle of a line: ${safe(unfinished, 100)}`}`));
  }

  #keepStderr(stderr: Readable): void {
    let rest = '';
    const line = (text: string): void => {
      const shown = safe(text, longestLine);
      if (this.#stderr.push(shown) > keptLines) this.#stderr.shift();
      if (this.#logged > mostLogged) return;
      this.#logged += text.length;
      this.options.log(this.#logged > mostLogged ? 'no more of it is shown' : safe(text, 2_000));
    };
    stderr.setEncoding('utf8');
    stderr.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      // A line without end is cut.
      if (rest.length > 65_536) {
        lines.push(rest);
        rest = '';
      }
      for (const one of lines) if (one.trim() !== '') line(one.trimEnd());
    });
    stderr.on('end', () => {
      if (rest.trim() !== '') line(rest);
    });
  }
}

/** Those that have begun and have not ended. */
const children = new Set<Program>();
process.on('exit', () => {
  for (const child of children) child.kill();
});
