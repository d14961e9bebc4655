import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Collected } from './heap.js';

/** Forces collections until they bring nothing more, and says how much is in use then: the heap, and buffers beside it. */
export function forced(): Collected {
  setFlagsFromString('--expose-gc');
  const collect = (globalThis.gc as (() => void) | undefined) ?? (runInNewContext('gc') as () => void);
  const inUse = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  return async () => {
    let bytes = Infinity;
    for (let i = 0; i < 6; i++) {
      // What finalizers and abandoned promises hold goes only when the event loop has gone round.
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      const now = inUse();
      if (now > bytes - 256) return Math.min(bytes, now);
      bytes = now;
    }
    return bytes;
  };
}
