import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Counters } from '../../conformance/gate/counters.js';
import { GateProcess } from '../../conformance/gate/process.js';
import { functions } from './functions.js';

const dist = (path: string): URL => new URL(`../../dist/conformance/${path}`, import.meta.url);

/** What is counted of our registry, as it was built. */
async function counted(workload: string): Promise<Counters> {
  const one = new GateProcess(fileURLToPath(dist('adapters/sharded-registry.js')), 'counts', new AbortController().signal, dist('gate/worker.js'));
  try {
    return await one.ask<Counters>({ kind: 'count', workload, functions }, 280_000);
  } finally {
    one.end();
  }
}

// A function that has another name now would be counted as never called, in both builds, and nobody would know.
it('counts what our registry does, by the names that its functions have', async () => {
  // A binding is a write of one partition: one hop, one commit, two ids to look at, and an answer in the same turn as ever.
  expect(await counted('bind')).toMatchObject({ 'partition hashes': 1, 'ids checked': 2, 'lanes entered': 1, 'lanes entered by a "down"': 0, 'commits': 1, 'deliveries': 0, 'timers set': 0, 'other waits': 0 });
  // Fifty names are registered, and forgotten with their endpoint.
  expect(await counted('down')).toMatchObject({ 'partition hashes': 100, 'ids checked': 50, 'lanes entered': 50, 'lanes entered by a "down"': 50, 'commits': 100, 'listeners added': 1 });
});
