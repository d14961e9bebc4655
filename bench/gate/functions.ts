import type { CountedFunction } from '../../conformance/gate/messages.js';

/** What the working of our registry costs, beside what any registry shows of itself: its hops between partitions above all. */
export const functions: readonly CountedFunction[] = [
  { counter: 'partition hashes', name: 'partitionOf', file: '/src/ids.js' },
  { counter: 'ids checked', name: 'isId', file: '/src/ids.js' },
  { counter: 'lanes entered', name: 'submit', file: '/src/lane.js' },
  { counter: 'lanes entered by a "down"', name: 'interject', file: '/src/lane.js' },
  { counter: 'commits', name: 'commit', file: '/src/store.js' },
];
