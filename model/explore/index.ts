/**
 * An explicit-state model checker over the model: every state that can be reached, at a size that is small and a depth that is
 * either whole operations or the steps of clients that overlap.
 *
 * @module explore
 */
export * from './explore.js';
export * from './variants.js';
export * from './system.js';
export * from './search.js';
export * from './trace.js';
export * from './visited.js';
export * from './partition.js';
export * from './sequential.js';
export * from './protocol.js';
export * from './walks.js';
