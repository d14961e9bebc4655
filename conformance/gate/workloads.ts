import { broadcast, type Endpoint } from '../../spec/index.js';
import type { Subject } from '../contract.js';

/** Work whose cost is compared between two builds: known by what it does to a registry, and by nothing else. */
export interface Workload {
  readonly name: string;
  readonly text: string;
  /** The operations it cannot do without. */
  readonly needs: readonly (keyof Subject)[];
  /** Fills a registry, which then does the same work again and again. */
  prepare(subject: Subject, at: Conditions): Promise<Unit>;
}

/** How much there is, and how often a unit does its work. */
export interface Conditions {
  readonly entries: number;
  readonly size: number;
  /** Makes the endpoints, so that they can be watched. */
  readonly endpoint: () => LivingEndpoint;
}

export interface LivingEndpoint {
  readonly endpoint: Endpoint;
  kill(): void;
}

/** The work itself: leaves the registry as it was. */
export interface Unit {
  /** Called before each, untimed: fresh ids, for example. */
  readonly before?: () => void;
  readonly run: () => Promise<void>;
}

/** Calls so many times, one after the other, and waits only for what is not answered at once. */
async function each(size: number, call: (i: number) => unknown): Promise<void> {
  for (let i = 0; i < size; i++) {
    const answer = call(i);
    if (typeof (answer as PromiseLike<unknown> | undefined)?.then === 'function') await answer;
  }
}

/** A method of its own: what an adapter does to hand it over (a Proxy) is done once, and is not measured. */
function method<K extends keyof Subject>(subject: Subject, name: K): NonNullable<Subject[K]> & ((...args: never[]) => unknown) {
  return (subject[name] as (...args: never[]) => unknown).bind(subject) as NonNullable<Subject[K]> & ((...args: never[]) => unknown);
}

/** Ids as programs make them, 36 characters long; no two alike, and the same in every process. */
const idOf = (kind: string, i: number): string => `${kind}-${i.toString(16).padStart(8, '0')}-4e1f-8a7b-d15ea5e0c0de`;
const idsOf = (kind: string, count: number): string[] => Array.from({ length: count }, (_, i) => idOf(kind, i));

async function servers(subject: Subject, { entries, endpoint }: Conditions): Promise<string[]> {
  const ids = idsOf('server', entries);
  const { endpoint: one } = endpoint();
  const register = method(subject, 'registerServer');
  await each(entries, (i) => register(ids[i]!, one, {}));
  return ids;
}

/** Two servers, and transports of which all are bound to the first. */
async function bound(subject: Subject, { endpoint }: Conditions, count: number): Promise<{ readonly transports: string[]; readonly first: string; readonly second: string }> {
  const [first, second] = [idOf('server', 0), idOf('server', 1)];
  await subject.registerServer(first, endpoint().endpoint, {});
  await subject.registerServer(second, endpoint().endpoint, {});
  const transports = idsOf('transport', count);
  const [register, bind] = [method(subject, 'registerTransport'), method(subject, 'bindTransportToServer')];
  for (const id of transports) {
    await register(id, endpoint().endpoint, {});
    await bind(id, first);
  }
  return { transports, first, second };
}

/** How many names an endpoint has when it goes down, and how many transports are bound where messages are routed. */
const names = 50;
const crowd = 100;

export const workloads: readonly Workload[] = [
  {
    name: 'lookup',
    text: 'findServer of names that are registered; the ids are strings that have been looked up before',
    needs: [],
    async prepare(subject, at) {
      const ids = await servers(subject, at);
      const find = method(subject, 'findServer');
      return { run: () => each(at.size, (i) => find(ids[i % ids.length]!)) };
    },
  },
  {
    name: 'lookup, wire ids',
    text: 'findServer of names that are registered; each id is a fresh string, as it comes off a wire',
    needs: [],
    async prepare(subject, at) {
      const ids = await servers(subject, at);
      const bytes = ids.map((id) => Buffer.from(id, 'latin1'));
      const fresh: string[] = [];
      const find = method(subject, 'findServer');
      return {
        before: () => {
          for (let i = 0; i < at.size; i++) fresh[i] = bytes[i % bytes.length]!.toString('latin1');
        },
        run: () => each(at.size, (i) => find(fresh[i]!)),
      };
    },
  },
  {
    name: 'lookup, miss',
    text: 'findServer of names that nobody has',
    needs: [],
    async prepare(subject, at) {
      await servers(subject, at);
      const ids = idsOf('nobody', at.entries);
      const find = method(subject, 'findServer');
      return { run: () => each(at.size, (i) => find(ids[i % ids.length]!)) };
    },
  },
  {
    name: 'register + unregister',
    text: 'registerServer and unregisterServer of one name after the other',
    needs: [],
    async prepare(subject, at) {
      await servers(subject, at);
      const ids = idsOf('other', 1_000);
      const { endpoint } = at.endpoint();
      const [register, unregister] = [method(subject, 'registerServer'), method(subject, 'unregisterServer')];
      return {
        run: () =>
          each(2 * at.size, (i) => {
            const id = ids[(i >> 1) % ids.length]!;
            return i % 2 === 0 ? register(id, endpoint, {}) : unregister(id);
          }),
      };
    },
  },
  {
    name: 'bind',
    text: `bindTransportToServer, which moves ${crowd} transports to and fro between two servers`,
    needs: ['registerTransport', 'bindTransportToServer'],
    async prepare(subject, at) {
      const { transports, first, second } = await bound(subject, at, crowd);
      const bind = method(subject, 'bindTransportToServer');
      let turn = 0;
      return { run: () => each(at.size, () => bind(transports[turn % crowd]!, Math.floor(turn++ / crowd) % 2 === 0 ? second : first)) };
    },
  },
  {
    name: 'route',
    text: `routeToTransport and routeToServer, in turns, with ${crowd} transports`,
    needs: ['registerTransport', 'bindTransportToServer', 'routeToTransport', 'routeToServer'],
    async prepare(subject, at) {
      const { transports, first } = await bound(subject, at, crowd);
      const [toTransport, toServer] = [method(subject, 'routeToTransport'), method(subject, 'routeToServer')];
      return {
        run: () =>
          each(2 * at.size, (i) => {
            const id = transports[(i >> 1) % crowd]!;
            return i % 2 === 0 ? toTransport(id, first, 'm') : toServer(first, id, 'm');
          }),
      };
    },
  },
  {
    name: 'broadcast',
    text: `routeToTransport to all ${crowd} transports bound`,
    needs: ['registerTransport', 'bindTransportToServer', 'routeToTransport'],
    async prepare(subject, at) {
      const { first } = await bound(subject, at, crowd);
      const toTransport = method(subject, 'routeToTransport');
      return { run: () => each(at.size, () => toTransport(broadcast, first, 'm')) };
    },
  },
  {
    name: 'list',
    text: 'listServers',
    needs: ['listServers'],
    async prepare(subject, at) {
      await servers(subject, at);
      const list = method(subject, 'listServers');
      return { run: () => each(at.size, () => list()) };
    },
  },
  {
    name: 'down',
    text: `an endpoint comes with ${names} names, and goes down`,
    needs: [],
    async prepare(subject, at) {
      await servers(subject, at);
      const ids = idsOf('mortal', names);
      const register = method(subject, 'registerServer');
      return {
        run: async () => {
          for (let i = 0; i < at.size; i++) {
            const { endpoint, kill } = at.endpoint();
            await each(names, (k) => register(ids[k]!, endpoint, {}));
            kill();
          }
        },
      };
    },
  },
];
