import { execFileSync } from 'node:child_process';

const root = new URL('../../', import.meta.url);

/** The commit that a run is of, as `git describe --always --dirty` names it; `unknown` outside of a repository. */
export function currentRevision(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
