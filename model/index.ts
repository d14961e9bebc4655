/**
 * The executable, normative model of a registry: one small xstate machine for each thing that has a life of its own (a name, an
 * endpoint, a binding, an alarm, admission, the registry), tables compiled from them, and the pure function that composes them.
 *
 * @module model
 */
export * from './operation.js';
export * from './state.js';
export * from './registry.js';
export * from './describe.js';
export * from './diagram.js';
export * from './id.js';
export * from './machines/index.js';
export * from './compile.js';
export * from './tables.js';
export * from './guards.js';
