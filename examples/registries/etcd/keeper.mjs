/*
 * Takes out leases and keeps them alive, in a thread of its own: processes that hold names go on while somebody else is busy.
 */
import { Etcd3 } from 'etcd3';
import { parentPort, workerData } from 'node:worker_threads';

const { hosts, ttl, renewMs } = workerData;
const { leaseClient } = new Etcd3({ hosts });
const stream = await leaseClient.leaseKeepAlive();
/** The leases of the processes that are alive, by their addresses. */
const kept = new Map();

parentPort.on('message', async ({ address, isAlive }) => {
  if (!isAlive) return void kept.delete(address);
  kept.set(address, undefined);
  const { ID } = await leaseClient.leaseGrant({ TTL: ttl });
  // It may have died meanwhile.
  if (kept.has(address)) kept.set(address, ID);
  parentPort.postMessage({ address, lease: ID });
});
stream.on('data', ({ ID, TTL }) => {
  if (TTL === '0' && [...kept.values()].includes(ID)) parentPort.postMessage({ breakdown: 'a lease was not kept alive' });
});
setInterval(() => kept.forEach((ID) => ID !== undefined && stream.write({ ID })), renewMs);
