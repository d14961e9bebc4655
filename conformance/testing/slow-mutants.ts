import { adapterFor } from '../adapters/adapter-for.js';
import type { Clock, Config, ContentionStatus, Endpoint, Registration, Registry, RequirementId } from '../../spec/index.js';
import { ShardedRegistry, type RegistryOptions } from '../../src/index.js';
import type { Mutant } from './mutant.js';

/*
 * Registries that are right and slow: each keeps every requirement but the number it is made to miss, and those that follow. They tell
 * `verify --profile sla` from a kit that passes whatever answers.
 */

type Operations = Partial<Record<keyof Registry, (...args: never[]) => unknown>>;

function slow(id: string, breaks: readonly RequirementId[], how: string, alter: (real: ShardedRegistry, options: RegistryOptions) => Operations): Mutant {
  const adapter = adapterFor(how, (options) => {
    const real = new ShardedRegistry(options);
    const own = alter(real, options);
    return new Proxy(real, {
      get: (target, key) => {
        const value: unknown = own[key as keyof Registry] ?? Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  });
  return { id, breaks, how, adapter };
}

/** Keeps the processor busy. */
function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** True for one call in so many. */
function oneIn(count: number): () => boolean {
  let calls = 0;
  return () => ++calls % count === 0;
}

const later = (clock: Clock | undefined, ms: number): Promise<void> => new Promise((resolve) => void clock!.setTimeout(resolve, ms));

/** Whatever lookups do, and `twist` before it. */
const lookingUp = (real: ShardedRegistry, twist: () => void): Operations => ({
  findServer: (id: string) => {
    twist();
    return real.findServer(id);
  },
});

/** Whatever writes of servers do, and `twist` before it. */
const writing = (real: ShardedRegistry, twist: (write: () => Promise<void>) => Promise<void>): Operations => ({
  registerServer: (id: string, endpoint: Endpoint, config?: Config) => twist(() => real.registerServer(id, endpoint, config)),
  unregisterServer: (id: string) => twist(() => real.unregisterServer(id)),
});

export const slowMutants: readonly Mutant[] = [
  slow('lookup-takes-a-round-trip', ['SLA-1', 'SLA-4', 'SLA-7'], 'lookups that ask somebody else, who answers in two milliseconds', (real, { clock }) => ({
    findServer: async (id: string) => {
      await later(clock, 2);
      return real.findServer(id);
    },
  })),
  slow('lookup-scans', ['SLA-11', 'SLA-4', 'SLA-1', 'SLA-2', 'SLA-7'], 'a lookup that goes through a list of all entries', (real) => {
    const entries: { readonly id: string }[] = [];
    return {
      registerServer: (id: string, endpoint: Endpoint, config?: Config) => real.registerServer(id, endpoint, config).then(() => void entries.push({ id })),
      findServer: (id: string) => (entries.some((entry) => entry.id === id) ? real.findServer(id) : undefined),
    };
  }),
  slow('lookup-stalls', ['SLA-2', 'SLA-1', 'SLA-4', 'SLA-7', 'SLA-11'], 'housekeeping of six milliseconds on every fiftieth lookup', (real) => {
    const isTime = oneIn(50);
    return lookingUp(real, () => void (isTime() && spin(6)));
  }),
  slow('lookup-waits', ['SLA-2', 'SLA-4', 'SLA-7', 'SLA-11'], 'every fiftieth lookup misses a cache and waits six milliseconds', (real, { clock }) => {
    const isTime = oneIn(50);
    return { findServer: (id: string) => (isTime() ? later(clock, 6).then(() => real.findServer(id)) : real.findServer(id)) };
  }),
  slow('write-flushes', ['SLA-3', 'SLA-7', 'SLA-11', 'SLA-5'], 'every fortieth write waits 60 ms for a disk', (real, { clock }) => {
    const isTime = oneIn(40);
    return writing(real, (write) => (isTime() ? later(clock, 60).then(write) : write()));
  }),
  slow('lookup-is-dear', ['SLA-4'], 'fifteen microseconds of work for each lookup', (real) => lookingUp(real, () => spin(0.015))),
  slow('write-is-dear', ['SLA-5'], 'fifty microseconds of work for each write', (real) =>
    writing(real, (write) => {
      spin(0.05);
      return write();
    }),
  ),
  slow('broadcast-is-dear', ['SLA-6'], 'a message is prepared anew for each recipient, which takes 15 microseconds', (real) => ({
    routeToTransport: (id: string, server: string, message: unknown) => {
      const count = real.routeToTransport(id, server, message);
      spin(0.015 * count);
      return count;
    },
  })),
  slow('table-is-full', ['SLA-7'], 'a table of 65,536 connections', (real) => {
    let live = 0;
    return {
      registerServer: (id: string, endpoint: Endpoint, config?: Config) =>
        live >= 65_536 ? Promise.reject(Object.assign(new Error('the table is full'), { code: 'partition_overloaded' })) : real.registerServer(id, endpoint, config).then(() => void live++),
      unregisterServer: (id: string) => real.unregisterServer(id).then(() => void live--),
    };
  }),
  slow('last-come-first-served', ['SLA-8', 'SLA-12'], 'a stack of writes in place of a queue', (real) => {
    const stack: (() => void)[] = [];
    let isBusy = false;
    const serve = (): void => {
      const next = isBusy ? undefined : stack.pop();
      if (next === undefined) return;
      isBusy = true;
      next();
    };
    return writing(real, (write) =>
      new Promise<void>((resolve, reject) => {
        stack.push(() => {
          const free = (): void => {
            isBusy = false;
            // Whoever was answered calls again before the next is taken.
            setImmediate(serve);
          };
          write().then(() => (resolve(), free()), (error: Error) => (reject(error), free()));
        });
        setImmediate(serve);
      }),
    );
  }),
  slow('alarms-polled', ['SLA-9'], 'alarms that are looked after once a second', (real) => {
    let status: ContentionStatus = real.getContentionStatus();
    const timer = setInterval(() => (status = real.getContentionStatus()), 1_000);
    timer.unref();
    return {
      getContentionStatus: () => status,
      close: () => {
        clearInterval(timer);
        return real.close();
      },
    };
  }),
  slow('entries-are-fat', ['SLA-10'], 'a buffer of 512 bytes and more for each entry', (real) => {
    const kept = new Map<string, number[]>();
    return {
      registerServer: (id: string, endpoint: Endpoint, config?: Config) => real.registerServer(id, endpoint, config).then(() => void kept.set(id, Array.from({ length: 64 }, (_, i) => i + 0.5))),
      unregisterServer: (id: string) => real.unregisterServer(id).then(() => void kept.delete(id)),
    };
  }),
  slow('listeners-left-behind', ['SLA-10'], 'a listener on the signal of the endpoint for each registration, and none taken off', (real) => ({
    registerServer: (id: string, endpoint: Endpoint, config?: Config) => {
      const seen: Registration = { id, endpoint, config: config ?? {} };
      endpoint.signal.addEventListener('abort', () => void seen.id);
      return real.registerServer(id, endpoint, config);
    },
  })),
  slow('history-kept', ['SLA-10'], 'a log of all names that have ever been unregistered, for support', (real) => {
    const log: { readonly id: string; readonly at: number }[] = [];
    return {
      unregisterServer: (id: string) => {
        log.push({ id, at: performance.now() });
        return real.unregisterServer(id);
      },
    };
  }),
  slow('register-scans', ['SLA-11', 'SLA-3', 'SLA-5', 'SLA-7'], 'a list of all ids, which is gone through to see whether a name is taken', (real) => {
    const ids: string[] = [];
    return {
      registerServer: (id: string, endpoint: Endpoint, config?: Config) => {
        if (!ids.includes(id)) ids.push(id);
        return real.registerServer(id, endpoint, config);
      },
      unregisterServer: (id: string) => {
        const at = ids.indexOf(id);
        if (at >= 0) ids.splice(at, 1);
        return real.unregisterServer(id);
      },
    };
  }),
  slow('one-queue', ['SLA-12'], 'one queue for the writes of all partitions', (real) => {
    let last: Promise<unknown> = Promise.resolve();
    return writing(real, (write) => {
      const own = last.then(write);
      last = own.catch(() => undefined);
      return own;
    });
  }),
  slow('partitions-share-a-list', ['SLA-12'], 'a list of recent writes that every write of any partition goes through', (real) => {
    const recent: { readonly at: number; readonly id: string }[] = [];
    return writing(real, (write) => {
      const now = performance.now();
      while (recent.length > 0 && now - recent[0]!.at > 50) recent.shift();
      recent.push({ at: now, id: '' });
      let sum = 0;
      for (let round = 0; round < 20; round++) for (const one of recent) sum += one.at;
      return Number.isNaN(sum) ? Promise.resolve() : write();
    });
  }),
];
