// Exports something else.
export const registry = {};
