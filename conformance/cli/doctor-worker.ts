import { parentPort, workerData } from 'node:worker_threads';
import { AdapterError } from '../contract.js';
import { examine } from '../doctor.js';
import { loadAdapter } from '../load-adapter.js';
import { commandAdapter } from '../protocol/command-adapter.js';
import type { DoctorMessage, Patient } from './doctor-command.js';
import { heartbeatMs, type SignOfLife } from './watched-thread.js';

const say = (message: DoctorMessage | SignOfLife): void => parentPort!.postMessage(message);
const { module, command, patienceMs } = workerData as Patient;

setInterval(() => say({ kind: 'alive' }), heartbeatMs).unref();

try {
  const adapter = command === undefined ? await loadAdapter(module) : await commandAdapter(command, { began: (pid) => say({ kind: 'began', pid }), ended: (pid) => say({ kind: 'ended', pid }) });
  for await (const examination of examine(adapter, { patienceMs, introduced: (registry) => say({ kind: 'introduced', registry }) })) say({ kind: 'examined', examination });
  say({ kind: 'done' });
} catch (error) {
  if (!(error instanceof AdapterError)) throw error;
  say({ kind: 'unusable', reason: error.message });
}
