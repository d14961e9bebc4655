import type { Adapter, Subject } from '../../contract.js';
import type { SimulatedMachine } from './simulated-machine.js';

/** What operations take on a simulated machine: work, or a promise for later. */
export interface Costs {
  find?(entries: number): void | Promise<void>;
  write?(entries: number, id: string): void | Promise<void>;
  broadcast?(recipients: number): void | Promise<void>;
}

const always = { find: () => undefined, write: () => undefined, broadcast: () => undefined };

/** A registry that is right, and takes as long as it is told. Costs that depend on what was done before are made anew for each registry. */
export const simulated = (machine: SimulatedMachine, costs: Costs | (() => Costs) = {}, partitions = 4): Adapter => ({
  name: 'simulated',
  open(): Subject {
    const { find, write, broadcast } = { ...always, ...(typeof costs === 'function' ? costs() : costs) };
    const servers = new Map<string, { readonly id: string; readonly endpoint: { send(delivery: unknown): unknown }; readonly config: object }>();
    const transports = new Map<string, { send(delivery: unknown): unknown }>();
    const counts = Array.from({ length: partitions }, () => 0);
    const after = <T>(wait: void | Promise<void>, then: () => T): T | Promise<T> => (wait === undefined ? then() : wait.then(then));
    const written = (id: string): void => void counts[(id.codePointAt(0)! + id.codePointAt(3)!) % partitions]!++;
    machine.work(0.0005);
    return {
      registerServer: ((id, endpoint, config = {}) =>
        after(write(servers.size, id), () => {
          if (servers.has(id)) throw Object.assign(new Error('taken'), { code: 'already_registered' });
          servers.set(id, { id, endpoint, config });
          counts[(id.codePointAt(0)! + id.codePointAt(3)!) % partitions]!++;
        })) as Subject['registerServer'],
      unregisterServer: (id) => after(write(servers.size, id), () => void (servers.delete(id) && written(id))),
      findServer: (id) => after(find(servers.size), () => servers.get(id)) as ReturnType<Subject['findServer']>,
      registerTransport: (id, endpoint) => void transports.set(id, endpoint),
      bindTransportToServer: () => undefined,
      routeToTransport: () =>
        after(broadcast(transports.size), () => {
          for (const [to, one] of transports) one.send({ namespace: 'transport', to, from: 's', message: 'm' });
          return transports.size;
        }),
      getPartitionStats: () => counts.map((writeCount, partition) => ({ partition, writeCount })),
    };
  },
});
