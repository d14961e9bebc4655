import { fileURLToPath } from 'node:url';
import { Program, type ProgramOptions } from './program.js';
import { remoteAdapter, type RemoteAdapter } from './remote-adapter.js';

export interface CommandOptions extends Partial<Pick<ProgramOptions, 'log' | 'began' | 'ended'>> {
  /** How long the program may take from its start to its answer to `initialize`. Milliseconds; 10,000 unless said. */
  readonly startupMs?: number;
}

/** The adapter that a program is, by the command line that starts it: file and arguments, without a shell. See `remoteAdapter`. */
export function commandAdapter(command: readonly string[], options: CommandOptions = {}): Promise<RemoteAdapter> {
  const { log = (line: string) => void process.stderr.write(`${line}\n`), startupMs = 10_000, began, ended } = options;
  return remoteAdapter({
    startupMs,
    start: (events) => new Program(command, { ...events, log, ...(began && { began }), ...(ended && { ended }) }),
    nothing: () => commandAdapter([process.execPath, fileURLToPath(new URL('./null-program.js', import.meta.url))], options),
  });
}
