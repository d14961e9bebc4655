// Never opens.
export const adapter = { name: 'open hangs', open: () => new Promise(() => {}) };
