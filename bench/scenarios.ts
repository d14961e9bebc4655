import { createModel, type Operation } from '../model/index.js';
import type { Endpoint } from '../src/index.js';
import { contestants, endpoint, type Contestant, type Mortal } from './contestants.js';
import type { Scenario, Variant } from './run.js';

/** How many operations a call makes, unless it says otherwise. */
const batch = 1_000;
/** Who has so many names is a finding of its own: some keep a list of listeners for each signal, and walk along it. */
const namesOfAnEndpoint = 10;
/** Listeners and their signals take too much memory for so many names. */
const lean: ReadonlySet<string> = new Set(['Map', 'ShardedRegistry', 'sixteen Maps']);

const idsOf = (kind: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${kind}-${i.toString(16).padStart(8, '0')}-4e1f-8a7b-d15ea5e0c0de`);

/** Far from each other in memory, as those that come one after the other are; the same in every run. */
export function scattered<T>(all: readonly T[]): T[] {
  const step = 7_919; // A prime, and no divisor of any size.
  return all.map((_, i) => all[(i * step) % all.length]!);
}

/** All that the contestants have in common who have these operations. */
function among(needs: readonly (keyof Contestant)[], names: readonly string[], variant: (make: () => Contestant) => Variant): Readonly<Record<string, Variant>> {
  return Object.fromEntries(names.filter((name) => needs.every((one) => contestants[name]!()[one] !== undefined)).map((name) => [name, variant(contestants[name]!)]));
}

const everybody = Object.keys(contestants);

/** Fresh endpoints for so many names, some names each. */
export function endpointsFor(count: number): Endpoint[] {
  const endpoints = Array.from({ length: Math.ceil(count / namesOfAnEndpoint) }, () => endpoint().endpoint);
  return Array.from({ length: count }, (_, i) => endpoints[Math.floor(i / namesOfAnEndpoint)]!);
}

async function fill(one: Contestant, ids: readonly string[]): Promise<void> {
  const endpoints = endpointsFor(ids.length);
  for (const [i, id] of ids.entries()) await one.register(id, endpoints[i]!);
}

// A lookup whose result nobody uses may be optimised away.
let found = 0;
export const looked = (): number => found;

/** Lookups go once around all names, so that the memory of a large registry is not warmed up by looking at a few. */
function lookup(entries: number, kind: 'hit' | 'miss', spelling: 'cached' | 'wire'): Scenario {
  const names = entries > 100_000 ? everybody.filter((name) => lean.has(name)) : everybody;
  const variants = among([], names, (make) => async () => {
    const one = make();
    const ids = idsOf('server', entries);
    await fill(one, ids);
    const wanted = scattered(kind === 'hit' ? ids : idsOf('nobody', entries));
    const bytes = spelling === 'wire' ? Buffer.from(wanted.join(''), 'latin1') : undefined;
    if (bytes === undefined) for (const id of wanted) one.find(id); // Whoever is looked up for the first time is not cached yet.
    const width = wanted[0]!.length;
    const now: string[] = new Array<string>(batch).fill(wanted[0]!);
    let at = 0;
    return {
      before: () => {
        for (let i = 0; i < batch; i++, at = (at + 1) % entries) now[i] = bytes === undefined ? wanted[at]! : bytes.toString('latin1', at * width, (at + 1) * width);
      },
      run: () => {
        for (let i = 0; i < batch; i++) if (one.find(now[i]!) !== undefined) found++;
      },
    };
  });
  return { name: `lookup, ${spelling} id, ${kind}, ${entries.toLocaleString('en')} entries`, group: `lookup, ${spelling} id, ${kind}`, at: entries, batch, variants };
}

/** Writes that are called one after the other without waiting, and waited for in the end: nobody answers the last before another. */
const writes = (name: string, count: number, needs: readonly (keyof Contestant)[], prepare: (one: Contestant) => Promise<{ readonly before?: () => unknown; readonly call: () => unknown }>): Scenario => ({
  name,
  group: 'writes',
  batch: count,
  variants: among(needs, everybody, (make) => async () => {
    const { before, call } = await prepare(make());
    return { ...(before && { before }), run: async () => void (await call()) };
  }),
});

const some = idsOf('other', batch);
const last = (answers: readonly unknown[]): unknown => answers[answers.length - 1];

async function withBackground(one: Contestant): Promise<void> {
  await fill(one, idsOf('server', 10_000));
}

/** A server, and so many transports bound to it. */
async function audience(one: Contestant, size: number): Promise<string[]> {
  await one.register('s', endpoint().endpoint);
  const transports = idsOf('transport', size);
  for (const id of transports) await one.join!(id, endpoint().endpoint, 's');
  return transports;
}

function broadcasts(size: number): Scenario {
  const times = Math.max(1, 1_000 / size);
  return {
    name: `broadcast to ${size.toLocaleString('en')}, per recipient`,
    group: 'broadcast',
    at: size,
    batch: size * times,
    variants: among(['toAll', 'join'], everybody, (make) => async () => {
      const one = make();
      await audience(one, size);
      return {
        run: () => {
          for (let i = 0; i < times; i++) one.toAll!('s');
        },
      };
    }),
  };
}

function down(names: number): Scenario {
  const times = Math.max(1, 1_000 / names);
  const ids = idsOf('mortal', names * times);
  return {
    name: `down of an endpoint with ${names.toLocaleString('en')} names, per name`,
    group: 'down',
    at: names,
    batch: names * times,
    variants: among(['watches'], everybody, (make) => async () => {
      const one = make();
      await withBackground(one);
      let doomed: Mortal[] = [];
      return {
        before: async () => {
          doomed = [];
          for (let k = 0; k < times; k++) {
            const mortal = endpoint();
            doomed.push(mortal);
            for (let i = 0; i < names; i++) await one.register(ids[k * names + i]!, mortal.endpoint);
          }
        },
        run: () => {
          for (const { kill } of doomed) kill();
        },
      };
    }),
  };
}

const sizes = [1_000, 10_000, 100_000, 1_000_000];

export const scenarios: readonly Scenario[] = [
  ...(['hit', 'miss'] as const).flatMap((kind) => (['cached', 'wire'] as const).flatMap((spelling) => sizes.map((entries) => lookup(entries, kind, spelling)))),
  writes('register', batch, [], async (one) => {
    await withBackground(one);
    let fresh: Endpoint[] = [];
    const before = async (): Promise<void> => {
      fresh = endpointsFor(batch);
      for (const id of some) await one.unregister(id);
    };
    return { before, call: () => last(some.map((id, i) => one.register(id, fresh[i]!))) };
  }),
  writes('unregister', batch, [], async (one) => {
    await withBackground(one);
    return { before: () => fill(one, some), call: () => last(some.map((id) => one.unregister(id))) };
  }),
  writes('churn: register + unregister', 2 * batch, [], async (one) => {
    await withBackground(one);
    let fresh: Endpoint[] = [];
    return { before: () => (fresh = endpointsFor(batch)), call: () => last(some.map((id, i) => (void one.register(id, fresh[i]!), one.unregister(id)))) };
  }),
  writes('bind', batch, ['bind', 'join'], async (one) => {
    const transports = await audience(one, batch);
    await one.register('other', endpoint().endpoint);
    let turn = 0;
    return {
      call: () => {
        const server = turn++ % 2 === 0 ? 'other' : 's';
        return last(transports.map((id) => one.bind!(id, server)));
      },
    };
  }),
  writes('route to a server', batch, ['route'], async (one) => {
    const ids = idsOf('server', 10_000);
    await fill(one, ids);
    const targets = scattered(ids).slice(0, batch);
    return { call: () => targets.forEach((id) => one.route!(id, 't')) };
  }),
  ...[10, 100, 1_000, 10_000].map(broadcasts),
  {
    name: 'list 10,000, per entry',
    group: 'whole',
    batch: 10_000,
    variants: among(['list'], everybody, (make) => async () => {
      const one = make();
      await withBackground(one);
      return { run: () => void one.list!() };
    }),
  },
  {
    name: 'stats of all partitions, windows full',
    group: 'whole',
    batch: 1,
    variants: among(['stats'], everybody, (make) => async () => {
      const one = make();
      await withBackground(one);
      return { run: () => void one.stats!() };
    }),
  },
  ...[1, 10, 100, 1_000, 10_000].map(down),
  {
    name: 'a step of the model',
    group: 'whole',
    batch: 6,
    variants: {
      createModel: async () => {
        const model = createModel();
        const program: Operation[] = [
          { op: 'registerServer', id: 's', endpoint: 'e1' },
          { op: 'registerTransport', id: 't', endpoint: 'e2', config: { serverId: 's' } },
          { op: 'broadcast', serverId: 's', message: 'm' },
          { op: 'unbindTransport', transportId: 't' },
          { op: 'down', endpoint: 'e1' },
          { op: 'findServer', id: 's' },
        ];
        return {
          run: () => {
            let { initial: state } = model;
            for (const operation of program) ({ state } = model.step(state, operation));
          },
        };
      },
    },
  },
];
