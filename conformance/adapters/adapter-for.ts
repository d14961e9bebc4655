import { memoryStore, type RegistryOptions, type Store } from '../../src/index.js';
import type { Clock, Registry } from '../../spec/index.js';
import type { Adapter, OpenOptions } from '../contract.js';

/**
 * An adapter for a registry with the interface and the options of `ShardedRegistry`: a variant, a wrapper, a subclass.
 * It takes its time and its commits from the kit, so that every requirement can be tested.
 *
 * @example
 * ```js
 * import { adapterFor } from 'sharded-registry/conformance';
 * import { MyRegistry } from './my-registry.js';
 * export const adapter = adapterFor('my registry', (options) => new MyRegistry(options));
 * ```
 */
export function adapterFor(name: string, create: (options: RegistryOptions) => Registry, more: Omit<Partial<Adapter>, 'open' | 'name'> = {}): Adapter {
  return {
    name,
    features: ['virtual-time', 'slow-commit', 'partitions', 'thresholds'],
    ...more,
    open(options: OpenOptions) {
      const commits = new SlowCommits(options.clock);
      const registry = create({ ...options, store: () => commits.store(memoryStore()) });
      // The registry itself, with one method more: what it lacks is lacking here too.
      return new Proxy(registry, {
        get: (target, property) => {
          if (property === 'slowCommit') return (ms: number) => commits.take(ms);
          const value: unknown = Reflect.get(target, property, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    },
  };
}

/** Stores that commit as slowly as they are told. */
class SlowCommits {
  #ms = 0;

  constructor(private readonly clock: Clock) {}

  take(ms: number): void {
    this.#ms = ms;
  }

  store(inner: Store): Store {
    return {
      ...inner,
      commit: (change) => {
        if (this.#ms === 0) return inner.commit(change);
        return new Promise((resolve) => void this.clock.setTimeout(() => resolve(inner.commit(change)), this.#ms));
      },
    };
  }
}
