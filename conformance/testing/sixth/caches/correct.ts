import type { Correct } from '../correct.js';
import { adapterOf, SlabRegistry } from './registry.js';
import { BlockedRegistry, OtherRegistry } from './variants.js';

export const correct: readonly Correct[] = [
  {
    id: 'caches-slab',
    how: 'A slab of entries with generations: whatever refers to an incarnation does so by a handle that names nobody once it has ended, indexes hold slots, and lists, logs of names and links to servers are tidied up when somebody comes by.',
    adapter: adapterOf('caches: slab', SlabRegistry),
  },
  {
    id: 'caches-other-structures',
    how: 'The same with a list that is copied on write, names of an endpoint in a list that spills into a map, monotonic queues for the window, and an index that knows which lengths of ids there are.',
    adapter: adapterOf('caches: other structures', OtherRegistry),
  },
  {
    id: 'caches-blocks',
    how: 'The same with lists in blocks of 256 that each remember their part, tombstones that stay until the next table, and bindings that hold where both sides say so.',
    adapter: adapterOf('caches: blocks', BlockedRegistry),
  },
];
