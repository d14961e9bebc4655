/**
 * An explicit-state model checker over the model: every state that can be reached, at a size that is small and a depth that is
 * either whole operations or the steps of clients that overlap.
 *
 * @module explore
 */
export * from './explore.js';
export { variants, lateNews, type AboutVariant, type Variant } from './variants.js';
export type { Bound } from './search.js';
export type { Trace, TraceStep } from './trace.js';
export type { AboutProperty, Always, Eventually, Property, Slots, Sometimes } from './system.js';
export type { WindowSize } from './partition.js';
export type { SequentialDesign, SequentialSize } from './sequential.js';
export type { ProtocolDesign, ProtocolSize } from './protocol.js';
