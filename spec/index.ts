/**
 * The specification of a sharded name registry: its interface, its numbered requirements as data, the claims of the
 * design it comes from, and the readable document made from them.
 *
 * @module spec
 */
export * from './interface.js';
export * from './errors.js';
export * from './defaults.js';
export * from './features.js';
export * from './requirement.js';
export * from './requirements.js';
export * from './versions.js';
export * from './claims.js';
export * from './chapters.js';
export * from './document.js';
