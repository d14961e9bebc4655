import type { Clock } from '../spec/interface.js';

/** The clock of the process: monotonic milliseconds with a fraction, and its timers. The default of `RegistryOptions.clock`. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => {
    clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
};
