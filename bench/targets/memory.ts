import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { spread, type Spread } from '../run.js';

/** MiB that a registry grows by with so many entries, each time in a process in which nothing else is. */
export async function memory(entries: number, rounds: number, child: URL): Promise<Spread> {
  const grown: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', fileURLToPath(child), String(entries)]);
    const bytes = Number(stdout);
    if (!(bytes > 0)) throw new Error(`the process that measures memory said ${JSON.stringify(stdout)}`);
    grown.push(bytes / 2 ** 20);
  }
  return spread(grown);
}
