import { loadAdapter } from '../load-adapter.js';
import { forced } from './collection.js';
import { weigh } from './heap.js';
import { thisMachine } from './machine.js';
import { nullAdapter } from './null-adapter.js';
import type { Order, Weighed } from './memory.js';

/* A process in which nothing is but one registry, so that whatever its heap grows by is the registry's. */

process.once('message', ({ module, seed, patienceMs }: Order) => {
  const say = (weighed: Weighed): void => void process.send!(weighed, () => process.exit());
  loadAdapter(module)
    .then((adapter) => weigh({ adapter, nullAdapter, offered: [], machine: thisMachine(), seed, effort: 1, patienceMs, module, isLoadable: true, progress: () => undefined }, forced()))
    .then((heap) => say({ heap }), (error: unknown) => say({ reason: String(error) }));
});
