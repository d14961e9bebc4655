import { parentPort, workerData } from 'node:worker_threads';
import { AdapterError } from '../contract.js';
import { Unanswered } from '../engine/findings.js';
import { loadAdapter } from '../load-adapter.js';
import { introduce, verify } from '../verify.js';
import type { Assignment, Message } from './supervisor.js';

const say = (message: Message): void => parentPort!.postMessage(message);
const { module, argument, only, seed, runs, patienceMs, replay, load } = workerData as Assignment;

try {
  const adapter = await loadAdapter(module);
  say({ kind: 'opened', registry: await introduce(adapter, patienceMs) });
  const report = await verify(adapter, {
    seed,
    runs,
    patienceMs,
    ...(only && { only }),
    ...(replay && { replay }),
    ...load,
    ...(module !== undefined && { adapterModule: module }),
    ...(argument !== undefined && { adapterArgument: argument }),
    onProgress: (progress) => say({ kind: 'progress', progress }),
  });
  say({ kind: 'report', report });
} catch (error) {
  if (error instanceof Unanswered) say({ kind: 'unanswered', reason: error.message });
  else if (error instanceof AdapterError) say({ kind: 'adapter-error', reason: error.message });
  else throw error;
}
