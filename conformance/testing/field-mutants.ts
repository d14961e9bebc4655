import type { Config, Endpoint, Namespace, Registration } from '../../spec/index.js';
import { variant } from './held-out-names.js';
import type { Mutant } from './mutant.js';
import { mutant } from './mutants.js';
import { PlainRegistry, refusal, type Entry, type Watch } from './plain-registry.js';

/*
 * Faults that registries in use have had, as their users reported them; carried over to this interface.
 */

const seen = (source: string, { ...rest }: Mutant): Mutant => ({ ...rest, source });

export const fieldMutants: readonly Mutant[] = [
  seen(
    'https://github.com/elixir-lang/elixir/issues/8611',
    mutant('refusal-leaks', ['CLS-4', 'CLS-3'], 'the endpoint is watched before the name is looked at, and still is when the name was taken', (real) => ({
      registerServer: (id: string, endpoint: Endpoint, config?: Config) =>
        real.registerServer(id, endpoint, config).catch((error: { code: string }) => {
          if (error.code === 'already_registered') endpoint.signal.addEventListener('abort', () => undefined);
          throw error as unknown as Error;
        }),
    })),
  ),
  seen(
    'https://github.com/uwiger/gproc/issues/74',
    mutant('contender-frees-name', ['DWN-4', 'CLS-3', 'CLS-4'], 'whoever waits for a name is kept with it, and is taken for its holder when it goes down', (real) => ({
      registerServer: (id: string, endpoint: Endpoint, config?: Config) =>
        real.registerServer(id, endpoint, config).catch((error: { code: string }) => {
          if (error.code !== 'already_registered') throw error as unknown as Error;
          if (real.findServer(id)?.endpoint === endpoint) throw error as unknown as Error;
          const free = (): void => void real.unregisterServer(id);
          endpoint.signal.addEventListener('abort', free, { once: true });
          throw error as unknown as Error;
        }),
    })),
  ),
  seen(
    'https://github.com/uwiger/gproc/issues/30',
    mutant('down-lost-while-busy', ['DWN-1'], 'news that an endpoint is down is not kept for a leader that is busy', (real) => {
      let busy = 0;
      const known = new Map<string, Registration>();
      const ghosts = new Map<string, Registration>();
      return {
        updateServer: (id: string, config: Config) => {
          busy++;
          return real.updateServer(id, config).finally(() => void busy--);
        },
        registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
          if (ghosts.has(id)) throw Object.assign(new Error('taken'), { code: 'already_registered' });
          await real.registerServer(id, endpoint, config);
          known.set(id, { id, endpoint, config: config ?? {} });
        },
        findServer: (id: string) => {
          const found = real.findServer(id);
          const last = known.get(id);
          if (found === undefined && busy > 0 && last?.endpoint.signal.aborted === true) ghosts.set(id, last);
          return found ?? ghosts.get(id);
        },
        unregisterServer: (id: string) => {
          known.delete(id);
          ghosts.delete(id);
          return real.unregisterServer(id);
        },
        close: () => {
          known.clear();
          ghosts.clear();
          return real.close();
        },
      };
    }),
  ),
  seen(
    'https://github.com/hashicorp/consul/issues/3703',
    mutant('comes-back', ['UNR-1'], 'agents write back what they know at their next synchronisation, also what has been taken out in between', (real) => {
      let gone: Registration | undefined;
      return {
        unregisterServer: async (id: string) => {
          const found = typeof id === 'string' ? real.listServers().find((one) => one.id === id) : undefined;
          await real.unregisterServer(id);
          gone = found;
        },
        registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
          await real.registerServer(id, endpoint, config);
          const back = gone;
          gone = undefined;
          if (back !== undefined && back.id !== id) await real.registerServer(back.id, back.endpoint, back.config).catch(() => undefined);
        },
      };
    }),
  ),
  seen(
    'https://github.com/hashicorp/consul/issues/3122',
    mutant('others-blink', ['UNR-1'], 'after a deregistration all services are checked anew, and are not listed until they have been', (real) => {
      let blinking = false;
      return {
        unregisterServer: async (id: string) => {
          const others = typeof id === 'string' && real.listServers().some((one) => one.id === id) && real.listServers().length > 1;
          await real.unregisterServer(id);
          blinking = others;
        },
        registerServer: (id: string, endpoint: Endpoint, config?: Config) => {
          blinking = false;
          return real.registerServer(id, endpoint, config);
        },
        findServer: (id: string) => {
          const found = real.findServer(id);
          const hidden = blinking && found !== undefined;
          blinking = false;
          return hidden ? undefined : found;
        },
      };
    }),
  ),
  seen(
    'https://github.com/discord/gen_registry/issues/15',
    variant('dead-until-noticed', ['DWN-3'], 'lookups read the table, and the news that an endpoint is down waits in a mailbox', class extends PlainRegistry {
      readonly #dying = new Map<string, Registration>();

      protected override down(signal: AbortSignal): void {
        for (const { namespace, registration } of this.watches.get(signal)?.entries ?? []) if (namespace === 'server') this.#dying.set(registration.id, registration);
        super.down(signal);
        queueMicrotask(() => this.#dying.clear());
      }

      override findServer(id: string): Registration | undefined {
        return super.findServer(id) ?? this.#dying.get(id);
      }
    }),
  ),
  seen(
    'https://github.com/apache/dubbo-go/issues/688',
    variant('no-lease', ['DWN-1', 'DWN-2'], 'registered without a lease: nothing ever takes it out', class extends PlainRegistry {
      protected override watch(entry: Entry): void {
        if (entry.namespace === 'server') super.watch(entry);
      }
    }),
  ),
  seen(
    'https://github.com/ostinelli/syn/issues/2',
    variant('clean-up-expects-one-name', ['DWN-1', 'DWN-2'], 'the entry of a process is looked up when it exits, and is not found where it has more than one', class extends PlainRegistry {
      protected override down(signal: AbortSignal): void {
        const watch = this.watches.get(signal);
        if (watch?.entries.size === 1) super.down(signal);
      }
    }),
  ),
  seen(
    'https://github.com/ostinelli/syn/pull/59',
    variant('premature-demonitor', ['DWN-1'], 'whoever gives up one of its names is not watched any more, whatever else it holds', class extends PlainRegistry {
      protected override unwatch(entry: Entry): void {
        const { signal } = entry.registration.endpoint;
        const watch = this.watches.get(signal);
        super.unwatch(entry);
        if (watch !== undefined && watch.entries.size > 0 && !signal.aborted) signal.removeEventListener('abort', watch.listener);
      }
    }),
  ),
  seen(
    'https://github.com/elixir-horde/horde/pull/127',
    variant('taken-by-the-dead', ['REG-5'], 'whether a name is taken is asked of a copy of the table, from which the dead have not been taken out', class extends PlainRegistry {
      readonly #dead = new Set<string>();

      protected override down(signal: AbortSignal): void {
        for (const { namespace, registration } of this.watches.get(signal)?.entries ?? []) if (namespace === 'server') this.#dead.add(registration.id);
        super.down(signal);
      }

      protected override insert(namespace: Namespace, registration: Registration): Entry {
        // Whoever has been told comes again, and finds the copy up to date.
        if (namespace === 'server' && this.#dead.delete(registration.id)) throw refusal('already_registered');
        return super.insert(namespace, registration);
      }
    }),
  ),
  seen(
    'https://github.com/smallnest/rpcx/issues/420',
    variant('lease-not-found', ['REG-5', 'REG-1'], 'an endpoint has one lease, which ends with the last of its names; it goes on using it', class extends PlainRegistry {
      readonly #expired = new WeakSet<AbortSignal>();

      protected override forget(signal: AbortSignal, watch: Watch): void {
        super.forget(signal, watch);
        this.#expired.add(signal);
      }

      protected override insert(namespace: Namespace, registration: Registration): Entry {
        if (this.#expired.has(registration.endpoint.signal)) throw refusal('store_failed');
        return super.insert(namespace, registration);
      }
    }),
  ),
  seen(
    'https://github.com/hashicorp/consul/issues/5618',
    variant('checks-of-all-instances', ['DWN-1'], 'the health checks of a service are found by the beginning of their name, and those of its namesakes go with it', class extends PlainRegistry {
      protected override remove(entry: Entry): void {
        super.remove(entry);
        for (const { entries } of this.watches.values()) for (const other of [...entries]) if (other.registration.id.startsWith(entry.registration.id)) entries.delete(other);
      }
    }),
  ),
  seen(
    'https://github.com/uwiger/gproc/pull/108',
    variant('crash-is-another-path', ['LST-1', 'DWN-1'], 'what a crash leaves is cleaned up by other code than what is given up in order, and it forgets one of the two tables', class extends PlainRegistry {
      readonly #listed = new Map<string, Registration>();

      protected override insert(namespace: Namespace, registration: Registration): Entry {
        const entry = super.insert(namespace, registration);
        if (namespace === 'transport') this.#listed.set(registration.id, registration);
        return entry;
      }

      protected override unregister(namespace: Namespace, id: string): void {
        super.unregister(namespace, id);
        if (namespace === 'transport') this.#listed.delete(id);
      }

      override listTransports(): readonly Registration[] {
        this.open();
        return [...this.#listed.values()];
      }

      override close(): void {
        super.close();
        this.#listed.clear();
      }
    }),
  ),
];
