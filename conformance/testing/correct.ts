import { adapterFor } from '../adapters/adapter-for.js';
import type { Adapter } from '../contract.js';
import type { AdmissionMode, Config, Delivery, Endpoint, PartitionStats, Registration, Registry } from '../../spec/index.js';
import { ShardedRegistry, type RegistryOptions } from '../../src/index.js';

/*
 * Registries that differ from ours as much as the specification allows. To accuse one of them is a fault of the kit.
 */

type Operation = (...args: unknown[]) => unknown;

/** Our registry, with every operation wrapped. */
function wrapped(name: string, wrap: (real: ShardedRegistry, options: RegistryOptions) => (operation: string, call: Operation) => Operation, more: Partial<Adapter> = {}): Adapter {
  return adapterFor(
    name,
    (options) => {
      const real = new ShardedRegistry(options);
      const around = wrap(real, options);
      return new Proxy(real, {
        get: (target, key) => {
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? around(String(key), value.bind(target) as Operation) : value;
        },
      }) as Registry;
    },
    more,
  );
}

const isWrite = (operation: string): boolean => /^(register|unregister|update|bind|unbind)/.test(operation);

/** Everything goes through the mailbox of one actor, which answers each call before it is done with the next. */
export const actor = wrapped('an actor', () => (_, call) => (...args) => new Promise((resolve, reject) => {
  setImmediate(() => {
    try {
      resolve(call(...args));
    } catch (error) {
      reject(error as Error);
    }
  });
}));

/** Yields at every step. */
const yielding = wrapped('one that yields', () => (operation, call) =>
  isWrite(operation)
    ? async (...args) => {
        await undefined;
        await call(...args);
        await undefined;
      }
    : call,
);

/** Answers late, now and then: a few milliseconds of real time. */
const late = wrapped('one that is late', () => {
  let n = 0;
  const delay = (): Promise<void> | undefined => (n++ % 7 === 0 ? new Promise((resolve) => void setTimeout(resolve, 2)) : undefined);
  return (_, call) => async (...args) => {
    const answer = await call(...args);
    await delay();
    return answer;
  };
});

/** Lists in another order, copies instead of records, null instead of nothing. */
const different = wrapped('one with other answers', () => (operation, call) => {
  const copy = (found: Registration | undefined): unknown => (found === undefined ? null : { ...found, config: structuredClone(found.config) });
  if (operation.startsWith('find')) return (...args) => copy(call(...args) as Registration | undefined);
  if (operation.startsWith('list')) return (...args) => [...(call(...args) as Registration[])].reverse().map(copy);
  if (operation === 'getServerForTransport') return (...args) => call(...args) ?? null;
  return call;
});

/** Of two errors that apply, reports the other. */
const precedence = wrapped('one with another precedence', (real) => (operation, call) =>
  operation.startsWith('register')
    ? async (...args) => {
        const [id, endpoint] = args as [string, Endpoint | undefined];
        const names = operation === 'registerServer' ? real.listServers() : real.listTransports();
        if (names.some((one) => one.id === id) && typeof endpoint?.send === 'function') throw Object.assign(new Error('taken'), { code: 'already_registered' });
        return call(...args);
      }
    : call,
);

/** Hands messages over a turn later, in order. */
const posted = wrapped('one that posts its messages', () => {
  const outer = new WeakMap<Endpoint, Endpoint>();
  const inner = new WeakMap<Endpoint, Endpoint>();
  const queue: [Endpoint, Delivery][] = [];
  const flush = (): void => {
    for (const [endpoint, delivery] of queue.splice(0)) {
      try {
        void Promise.resolve(endpoint.send(delivery)).catch(() => undefined);
      } catch {
        // Nobody's business.
      }
    }
  };
  const wrapEndpoint = (endpoint: unknown): unknown => {
    if (typeof endpoint !== 'object' || endpoint === null || typeof (endpoint as Endpoint).send !== 'function') return endpoint;
    const known = outer.get(endpoint as Endpoint);
    if (known) return known;
    const proxy: Endpoint = {
      signal: (endpoint as Endpoint).signal,
      send: (delivery) => {
        if (queue.push([endpoint as Endpoint, delivery]) === 1) setImmediate(flush);
      },
    };
    outer.set(endpoint as Endpoint, proxy);
    inner.set(proxy, endpoint as Endpoint);
    return proxy;
  };
  const unwrap = (found: Registration | undefined): Registration | undefined => found && { ...found, endpoint: inner.get(found.endpoint) ?? found.endpoint };
  return (operation, call) => {
    if (operation.startsWith('register')) return (id, endpoint, ...rest) => call(id, wrapEndpoint(endpoint), ...rest);
    if (operation.startsWith('find')) return (...args) => unwrap(call(...args) as Registration | undefined);
    if (operation.startsWith('list')) return (...args) => (call(...args) as Registration[]).map(unwrap);
    return call;
  };
});

/** Looks after its alarms every 90 ms, and not in between. */
const polling = wrapped('one that polls its alarms', (real, { clock, closeAbove = 0.5 }) => {
  let looked = -Infinity;
  let alarms: boolean[] = [];
  let mode: AdmissionMode = 'auto';
  const refresh = (): void => {
    if (clock!.now() - looked < 90) return;
    looked = clock!.now();
    alarms = real.getPartitionStats().map(({ alarm }) => alarm);
  };
  const admission = (): 'open' | 'closed' => {
    refresh();
    if (mode !== 'auto') return mode;
    return alarms.filter(Boolean).length > closeAbove * alarms.length ? 'closed' : 'open';
  };
  return (operation, call) => {
    if (operation.startsWith('register')) {
      return (...args) => {
        real.setAdmission(admission());
        return call(...args);
      };
    }
    if (operation === 'setAdmission') {
      return (wanted) => {
        call(wanted);
        mode = wanted as AdmissionMode;
      };
    }
    if (operation === 'getContentionStatus') {
      return () => {
        const shown = admission();
        return { partitions: alarms.length, alarmed: alarms.flatMap((alarm, partition) => (alarm ? [partition] : [])), admission: shown, mode };
      };
    }
    if (operation === 'resetStats') {
      return () => {
        call();
        looked = -Infinity;
      };
    }
    if (operation !== 'getPartitionStats') return call;
    return (...args) => {
      refresh();
      const show = (stats: PartitionStats): PartitionStats => ({ ...stats, alarm: alarms[stats.partition]! });
      const answer = call(...args) as PartitionStats | PartitionStats[];
      return Array.isArray(answer) ? answer.map(show) : show(answer);
    };
  };
});

/** Shows a new server only after a while, and says so. */
export const eventual = wrapped('an eventual one', (real) => {
  const fresh = new Map<string, number>();
  const visible = (found: Registration | undefined): boolean => found === undefined || performance.now() >= (fresh.get(found.id) ?? 0);
  return (operation, call) => {
    if (operation === 'registerServer') {
      return async (id, endpoint, config) => {
        await real.registerServer(id as string, endpoint as Endpoint, config as Config);
        fresh.set(id as string, performance.now() + 4);
      };
    }
    if (operation === 'findServer') {
      return (id) => {
        const found = real.findServer(id as string);
        return visible(found) ? found : undefined;
      };
    }
    if (operation === 'listServers') return () => real.listServers().filter(visible);
    return call;
  };
}, { consistency: { level: 'eventual', stalenessMs: 60 } });

/** Is closed when `close` returns, and says of registrations afterwards only that they cannot be kept. */
const closing = wrapped('one that closes at once', () => {
  let isClosed = false;
  return (operation, call) => {
    if (operation === 'close') {
      return () => {
        isClosed = true;
        void call();
      };
    }
    if (!operation.startsWith('register')) return call;
    return async (...args) => {
      try {
        await call(...args);
      } catch (error) {
        throw isClosed && (error as { code?: unknown }).code === 'registry_closed' ? Object.assign(new Error('there is no store'), { code: 'store_failed' }) : error;
      }
    };
  };
});

export const correct: readonly Adapter[] = [actor, yielding, late, different, precedence, posted, polling, closing, eventual];
