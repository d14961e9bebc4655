import { PassThrough, Writable } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { loadAdapter } from '../load-adapter.js';
import { serve, tolerateRejections } from './serve.js';
import type { ThreadData } from './thread.js';

/*
 * The other end of {@link AdapterThread}: what an adapter prints is its own affair, so the messages do not go by stdin and stdout.
 */

const { module } = workerData as ThreadData;
const port = parentPort!;
const input = new PassThrough();
port.on('message', (lines: string | null) => (lines === null ? input.end() : input.write(lines)));
const output = new Writable({
  decodeStrings: false,
  write(lines: string, _, written) {
    port.postMessage(lines);
    written();
  },
});

tolerateRejections();
await serve(await loadAdapter(module), { input, output });
// Registries may have timers that nobody waits for.
process.exit(0);
