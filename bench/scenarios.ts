import { randomUUID } from 'node:crypto';
import { createModel, type Operation } from '../model/index.js';
import { broadcast, ShardedRegistry, type Endpoint } from '../src/index.js';
import type { Scenario } from './run.js';

const entries = 10_000;
const batch = 1_000;

const endpoint = (): Endpoint => ({ send: () => undefined, signal: new AbortController().signal });

const ids = Array.from({ length: entries }, () => randomUUID() as string);
const encoded = Buffer.from(ids.join(''), 'latin1');

/** Ids as they come off the wire: fresh strings, whose hash V8 has not worked out yet. */
const wire: string[] = [];
let at = 0;
function freshen(): void {
  for (let i = 0; i < batch; i++, at = (at + 1) % entries) wire[i] = encoded.toString('latin1', at * 36, at * 36 + 36);
}

function filled(): { map: Map<string, { id: string }>; registry: ShardedRegistry } {
  const map = new Map<string, { id: string }>();
  const registry = new ShardedRegistry();
  const one = endpoint();
  for (const id of ids) {
    map.set(id, { id });
    void registry.registerServer(id, one);
  }
  return { map, registry };
}

const { map, registry } = filled();
const missing = Array.from({ length: batch }, () => randomUUID() as string);
const cached = ids.slice(0, batch);
// A lookup whose result nobody uses may be optimised away.
let found = 0;
const look = (given: readonly string[], find: (id: string) => unknown) => (): void => {
  for (let i = 0; i < batch; i++) if (find(given[i]!) !== undefined) found++;
};
export const looked = (): number => found;

const lookup = (name: string, given: readonly string[], before?: () => void): Scenario => ({
  name,
  batch,
  ...(before && { before }),
  variants: { 'Map.get': () => look(given, (id) => map.get(id)), findServer: () => look(given, (id) => registry.findServer(id)) },
});

/** A server, and transports bound to it. */
function audience(size: number): { registry: ShardedRegistry; endpoints: Endpoint[] } {
  const own = new ShardedRegistry();
  const endpoints = Array.from({ length: size }, endpoint);
  void own.registerServer('s', endpoint());
  for (const [i, one] of endpoints.entries()) void own.registerTransport(`t${i}`, one, { serverId: 's' });
  return { registry: own, endpoints };
}

export const scenarios: readonly Scenario[] = [
  lookup('lookup, cached id, hit', cached),
  lookup('lookup, wire id, hit', wire, freshen),
  lookup('lookup, cached id, miss', missing),
  {
    name: 'register + unregister',
    batch,
    variants: {
      'Map.set + delete': () => {
        const own = new Map<string, unknown>();
        return () => {
          for (const id of cached) own.set(id, { id });
          for (const id of cached) own.delete(id);
        };
      },
      ShardedRegistry: () => {
        const own = new ShardedRegistry();
        const one = endpoint();
        void own.registerServer('keeps the listener', one);
        return () => {
          for (const id of cached) void own.registerServer(id, one);
          for (const id of cached) void own.unregisterServer(id);
        };
      },
    },
  },
  {
    name: 'broadcast to 1,000, per recipient',
    batch: 1_000,
    variants: {
      'array loop': () => {
        const { endpoints } = audience(1_000);
        return () => {
          for (const [i, one] of endpoints.entries()) one.send({ namespace: 'transport', to: cached[i]!, from: 's', message: 'm' });
        };
      },
      routeToTransport: () => {
        const { registry: own } = audience(1_000);
        return () => void own.routeToTransport(broadcast, 's', 'm');
      },
    },
  },
  {
    name: 'bind',
    batch: 2_000,
    variants: {
      ShardedRegistry: () => {
        const { registry: own } = audience(1_000);
        void own.registerServer('other', endpoint());
        const transports = Array.from({ length: 1_000 }, (_, i) => `t${i}`);
        return () => {
          for (const id of transports) void own.bindTransportToServer(id, 'other');
          for (const id of transports) void own.bindTransportToServer(id, 's');
        };
      },
    },
  },
  {
    name: 'a step of the model',
    batch: 6,
    variants: {
      createModel: () => {
        const model = createModel();
        const program: Operation[] = [
          { op: 'registerServer', id: 's', endpoint: 'e1' },
          { op: 'registerTransport', id: 't', endpoint: 'e2', config: { serverId: 's' } },
          { op: 'broadcast', serverId: 's', message: 'm' },
          { op: 'unbindTransport', transportId: 't' },
          { op: 'down', endpoint: 'e1' },
          { op: 'findServer', id: 's' },
        ];
        return () => {
          let { initial: state } = model;
          for (const operation of program) ({ state } = model.step(state, operation));
        };
      },
    },
  },
];
