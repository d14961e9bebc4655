// Exports something that is no adapter.
export const adapter = { name: 7, open: 'please' };
