import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { safe } from '../engine/show.js';

/** A thread or a process that messages can be sent to, and that can be ended whatever it does. */
export interface Peer {
  post(message: unknown): void;
  end(): Promise<void>;
}

export interface PeerEvents {
  readonly message: (message: unknown) => void;
  /** It has ended by itself, or could not be begun. Called once at most. */
  readonly gone: (reason: string) => void;
}

const memoryMb = 512;

/** What an adapter prints is not the report; nothing else is ours to lose. */
const options = { execArgv: [] as string[] };

export function startPeer(kind: 'threads' | 'processes', script: URL, { message, gone }: PeerEvents): Peer {
  let isGone = false;
  const once = (reason: string): void => {
    if (!isGone) gone(reason);
    isGone = true;
  };
  const failed = (error: unknown): void => once(safe(String(error instanceof Error ? error.message : error), 300));
  if (kind === 'threads') {
    const worker = new Worker(script, { ...options, stdout: true, stderr: true, resourceLimits: { maxOldGenerationSizeMb: memoryMb } });
    worker.stdout.pipe(process.stderr, { end: false });
    worker.stderr.pipe(process.stderr, { end: false });
    worker.on('message', message);
    worker.on('error', failed);
    worker.on('exit', (code) => once(`it ended by itself, with code ${code}`));
    return {
      post: (one) => worker.postMessage(one),
      end: async () => {
        isGone = true;
        await worker.terminate();
      },
    };
  }
  const child = fork(fileURLToPath(script), [], { execArgv: [`--max-old-space-size=${memoryMb}`], serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  child.stdout?.pipe(process.stderr, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  child.on('message', message);
  child.on('error', failed);
  const exited = new Promise<void>((resolve) => {
    child.on('exit', (code, signal) => {
      once(`it ended by itself, with ${signal ?? `code ${code}`}`);
      resolve();
    });
    // One that could not be begun has no exit.
    child.on('error', () => resolve());
  });
  return {
    // To one that is gone by now there is nothing to say.
    post: (one) => void (child.connected && child.send(one as object, () => undefined)),
    end: () => {
      isGone = true;
      child.kill('SIGKILL');
      return exited;
    },
  };
}
