// Blocks the event loop for ever.
export const adapter = { name: 'blocks', open: () => ({ registerServer() { for (;;); }, unregisterServer() {}, findServer() {} }) };
