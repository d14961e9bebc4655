/*
 * Renews keys, in a thread of its own: processes that hold names go on while somebody else is busy.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { createClient } from 'redis';

const { port, leaseMs, renewMs, addressLength } = workerData;
const client = await createClient({ url: `redis://127.0.0.1:${port}` }).on('error', () => undefined).connect();

/** Renews those of the keys that are still of the process which says so. Gives which are not. */
const renewal = `local lost = {}
  for i, key in ipairs(KEYS) do
    if redis.call('GETRANGE', key, 0, ${addressLength - 1}) == ARGV[1] then redis.call('PEXPIRE', key, ARGV[2]) else lost[#lost + 1] = key end
  end
  return lost`;

/** The keys of each process, by its address. */
const held = new Map();

parentPort.on('message', ({ address, key }) => {
  if (key === undefined) held.delete(address);
  else held.set(address, (held.get(address) ?? new Set()).add(key));
});

let renewed = performance.now();
setInterval(() => {
  const now = performance.now();
  if (now - renewed > leaseMs) parentPort.postMessage(`keys were not renewed for ${Math.round(now - renewed)} ms`);
  renewed = now;
  for (const [address, keys] of held) {
    if (keys.size > 0) client.eval(renewal, { keys: [...keys], arguments: [address, `${leaseMs}`] }).then((lost) => lost.forEach((key) => keys.delete(key)), () => undefined);
  }
}, renewMs);
