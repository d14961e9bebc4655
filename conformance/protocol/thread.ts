import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { AdapterError } from '../contract.js';
import { safe } from '../engine/show.js';
import { Connection } from './connection.js';
import { remoteAdapter, type Partner, type RemoteAdapter, type RemoteOptions } from './remote-adapter.js';

/** What the thread is told: the file of an adapter module; without one it serves the registry of this package. */
export interface ThreadData {
  readonly module: string | undefined;
}

/** How long a thread may take to end when it is told to. Milliseconds. */
const graceMs = 1_000;

/**
 * The adapter that a module exports, loaded in a thread of its own, to which every call goes as a message of the protocol: its registries
 * have an event loop to themselves, and calls overlap as they do between threads. What an adapter does there, blocking included,
 * harms nobody else. Throws {@link AdapterError} if the module has no adapter.
 */
export const threadAdapter = (module: string | undefined, startupMs = 10_000): Promise<RemoteAdapter> =>
  remoteAdapter({
    startupMs,
    start: (events) => new AdapterThread(module, events),
    nothing: () => threadAdapter(fileURLToPath(new URL('../sla/null-adapter.js', import.meta.url)), startupMs),
  });

class AdapterThread implements Partner {
  readonly connection: Connection;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;

  constructor(module: string | undefined, { hear, broken }: Parameters<RemoteOptions['start']>[0]) {
    const worker = (this.#worker = new Worker(new URL('./serve-thread.js', import.meta.url), { workerData: { module } satisfies ThreadData, resourceLimits: { maxOldGenerationSizeMb: 1_024 } }));
    this.connection = new Connection({
      write: (lines) => worker.postMessage(lines),
      hear,
      broken: (error) => {
        void worker.terminate();
        broken(error);
      },
    });
    const gone = (reason: string): void => this.connection.break(this.because(reason));
    worker.on('message', (lines: string) => this.connection.receive(Buffer.from(lines)));
    worker.on('error', (error) => gone(error.name === 'AdapterError' ? error.message : `the thread of the adapter broke down: ${safe(String(error), 300)}`));
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        gone(`the adapter ended its thread with code ${code}`);
        resolve();
      });
    });
  }

  because(reason: string): AdapterError {
    return new AdapterError(reason);
  }

  async stop(): Promise<void> {
    this.#worker.postMessage(null);
    const late = setTimeout(() => void this.#worker.terminate(), graceMs);
    await this.#exited;
    clearTimeout(late);
  }
}
