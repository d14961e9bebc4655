import { parentPort, workerData } from 'node:worker_threads';
import { AdapterError } from '../contract.js';
import { Unanswered } from '../engine/findings.js';
import { loadAdapter } from '../load-adapter.js';
import { commandAdapter } from '../protocol/command-adapter.js';
import { threadAdapter } from '../protocol/thread.js';
import { Wakers } from '../progress/wakers.js';
import { introduce, verify } from '../verify.js';
import type { Message, WorkerData } from './supervisor.js';
import { heartbeatMs, type SignOfLife } from './watched-thread.js';

const say = (message: Message | SignOfLife): void => parentPort!.postMessage(message);
const { module, command, isThread, argument, only, profile, specification, effort, seed, runs, patienceMs, replay, load, resume, calling } = workerData as WorkerData;

// As long as it beats, the event loop turns.
setInterval(() => say({ kind: 'alive' }), heartbeatMs).unref();

try {
  // From before the registry is loaded, so that nothing of it goes unseen.
  const wakers = Wakers.watchAll();
  const adapter = isThread ? await threadAdapter(module) : command === undefined ? await loadAdapter(module) : await commandAdapter(command, { began: (pid) => say({ kind: 'began', pid }), ended: (pid) => say({ kind: 'ended', pid }) });
  const registry = await introduce(adapter, patienceMs);
  // What lives by our clock, or elsewhere, waits for nothing else here, and to look at every promise costs time.
  if (registry.features.includes('virtual-time') || command !== undefined || isThread) wakers.stop();
  say({ kind: 'opened', registry });
  const report = await verify(adapter, {
    seed,
    runs,
    patienceMs,
    calling,
    ...(resume && { resume }),
    ...(only && { only }),
    ...(profile && { profile }),
    ...(specification && { specification }),
    ...(effort !== undefined && { effort }),
    isDefaultAdapter: module === undefined && command === undefined && !isThread,
    ...(replay && { replay }),
    ...load,
    ...(module !== undefined && !isThread && { adapterModule: module }),
    ...(argument !== undefined && { adapterArgument: argument }),
    onProgress: (progress) => say({ kind: 'progress', progress }),
  });
  say({ kind: 'report', report });
} catch (error) {
  if (error instanceof Unanswered) say({ kind: 'unanswered', reason: error.message });
  else if (error instanceof AdapterError) say({ kind: 'adapter-error', reason: error.message });
  else throw error;
}
