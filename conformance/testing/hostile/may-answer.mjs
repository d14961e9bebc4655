// Never answers; but has a timer that goes on, and might.
export const adapter = { name: 'may answer', open: () => ({ registerServer: () => new Promise(() => {}), unregisterServer() {}, findServer() {} }) };
setInterval(() => {}, 10);
