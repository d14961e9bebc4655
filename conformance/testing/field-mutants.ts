import type { Config, Endpoint, Registration } from '../../spec/index.js';
import { mutant, type Mutant } from './mutants.js';

/*
 * Faults that registries in use have had, as their users reported them; carried over to this interface.
 */

const seen = (source: string, { ...rest }: Mutant): Mutant => ({ ...rest, source });

export const fieldMutants: readonly Mutant[] = [
  seen(
    'https://github.com/elixir-lang/elixir/issues/8611',
    mutant('refusal-leaks', ['CLS-4'], 'the endpoint is watched before the name is looked at, and still is when the name was taken', (real) => ({
      registerServer: (id: string, endpoint: Endpoint, config?: Config) =>
        real.registerServer(id, endpoint, config).catch((error: { code: string }) => {
          if (error.code === 'already_registered') endpoint.signal.addEventListener('abort', () => undefined);
          throw error as unknown as Error;
        }),
    })),
  ),
  seen(
    'https://github.com/uwiger/gproc/issues/74',
    mutant('contender-frees-name', ['DWN-4'], 'whoever waits for a name is kept with it, and is taken for its holder when it goes down', (real) => ({
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
      const deaf = new Set<string>();
      const ghosts = new Map<string, Registration>();
      return {
        updateServer: (id: string, config: Config) => {
          busy++;
          return real.updateServer(id, config).finally(() => void busy--);
        },
        registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
          if (ghosts.has(id)) throw Object.assign(new Error('taken'), { code: 'already_registered' });
          await real.registerServer(id, endpoint, config);
          const found = real.findServer(id)!;
          endpoint.signal.addEventListener('abort', () => {
            if (busy > 0 && real.findServer(id) === undefined && !deaf.has(id)) ghosts.set(id, found);
          }, { once: true });
        },
        findServer: (id: string) => real.findServer(id) ?? ghosts.get(id),
        unregisterServer: (id: string) => {
          ghosts.delete(id);
          return real.unregisterServer(id);
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
    mutant('dead-until-noticed', ['DWN-3'], 'lookups read the table, and the news that an endpoint is down waits in a mailbox', (real) => {
      const dying = new Map<string, Registration>();
      return {
        registerServer: async (id: string, endpoint: Endpoint, config?: Config) => {
          await real.registerServer(id, endpoint, config);
          const found = real.findServer(id);
          endpoint.signal.addEventListener('abort', () => {
            if (found === undefined) return;
            dying.set(id, found);
            queueMicrotask(() => dying.delete(id));
          }, { once: true });
        },
        findServer: (id: string) => real.findServer(id) ?? dying.get(id),
      };
    }),
  ),
  seen(
    'https://github.com/apache/dubbo-go/issues/688',
    mutant('no-lease', ['DWN-1', 'DWN-2', 'DWN-3'], 'registered without a lease: nothing ever takes it out', (real) => ({
      registerTransport: (id: string, endpoint: Endpoint, config?: Config) =>
        endpoint?.signal?.aborted === false ? real.registerTransport(id, { ...endpoint, send: (delivery) => endpoint.send(delivery), signal: new AbortController().signal }, config) : real.registerTransport(id, endpoint, config),
    })),
  ),
];
