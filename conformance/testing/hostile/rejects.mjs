// Leaves rejections and exceptions behind that nobody handles.
export const adapter = {
  name: 'rejects',
  open: () => ({
    registerServer() { void Promise.reject(new Error('floating')); setTimeout(() => { throw new Error('late'); }, 0); },
    unregisterServer() {},
    findServer() {},
  }),
};
