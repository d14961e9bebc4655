import { ShardedRegistry } from '../../src/index.js';
import { endpoint } from '../contestants.js';
import { uuids } from './ids.js';
import { madeBy } from './made.js';

/** What is made by so many reads of every kind: of what is there, and of what is not. */
export async function madeByReads(times: number): Promise<number> {
  const registry = new ShardedRegistry();
  const { endpoint: one } = endpoint();
  // Few, because lists are read as often as the rest.
  const ids = uuids(10);
  for (const id of ids) {
    await registry.registerServer(id, one);
    await registry.registerTransport(id, one, { serverId: id });
  }
  const reads: readonly ((id: string) => unknown)[] = [
    (id) => registry.findServer(id),
    (id) => registry.findTransport(id),
    (id) => registry.getServerForTransport(id),
    () => registry.listServers(),
    () => registry.listTransports(),
    () => registry.getPartitionStats(0),
    () => registry.getContentionStatus(),
  ];
  const asked = [...ids, 'nobody'];
  return madeBy(() => {
    for (const read of reads) for (let i = 0; i < times; i++) read(asked[i % asked.length]!);
  });
}
