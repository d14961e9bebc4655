import { forced } from '../../conformance/sla/collection.js';
import { ShardedRegistry } from '../../src/index.js';
import { endpoint } from '../contestants.js';
import { uuids } from './ids.js';
import { flat } from './wire.js';

/** Prints by how many bytes a registry grows with so many entries. Ids and endpoint are those of the caller, and there before. */
const ids = flat(uuids(Number(process.argv[2])));
const { endpoint: one } = endpoint();
const collected = forced();
// The code that is compiled, and what is made once for all, is no matter of entries: two tenths of a MiB.
for (let i = 0; i < 5; i++) {
  const earlier = new ShardedRegistry();
  for (const id of ids) await earlier.registerServer(id, one);
  await earlier.close();
}
const registry = new ShardedRegistry();
await registry.registerServer('first', one);
const before = await collected();
for (const id of ids) await registry.registerServer(id, one);
const after = await collected();
if (registry.listServers().length !== ids.length + 1) throw new Error('the registry does not hold all names');
console.log(after - before);
