export * from './endpoint.js';
export * from './registration.js';
export * from './binding.js';
export * from './alarm.js';
export * from './admission.js';
export * from './lifecycle.js';
