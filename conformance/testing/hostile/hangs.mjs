// Never answers.
export const adapter = { name: 'hangs', open: () => ({ registerServer: () => new Promise(() => {}), unregisterServer() {}, findServer() {} }) };
