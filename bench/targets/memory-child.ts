import { forced } from '../../conformance/sla/collection.js';
import { ShardedRegistry } from '../../src/index.js';
import { endpoint } from '../contestants.js';
import { uuids } from './ids.js';
import { flat } from './wire.js';

/** Prints by how many bytes a registry grows with so many entries. Ids and endpoint are those of the caller, and there before. */
const ids = flat(uuids(Number(process.argv[2])));
const { endpoint: one } = endpoint();
const collected = forced();
const registry = new ShardedRegistry();
// Whatever is made once for all, and the code that is compiled, is no matter of entries.
await registry.registerServer('first', one);
const before = await collected();
for (const id of ids) await registry.registerServer(id, one);
const after = await collected();
if (registry.listServers().length !== ids.length + 1) throw new Error('the registry does not hold all names');
console.log(after - before);
