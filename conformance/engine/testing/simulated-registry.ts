import fc from 'fast-check';
import { createModel, type Found, type Operation, type RegistryState } from '../../../model/index.js';
import type { Entry, History } from '../../linearizability/index.js';
import type { Delivered } from '../intervals.js';
import type { Observed } from '../registry-history.js';

/** What a registry that is right did and answered, and what endpoints were sent. */
export interface Simulation {
  readonly history: History<Operation, Observed>;
  readonly deliveries: readonly Delivered[];
}

const one = fc.constantFrom;
const server = one('s1', 's2');
const transport = one('t1', 't2');
const endpoint = fc.nat(5).map((n) => `e${n}`);

const data = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: one('registerServer'), id: server, endpoint, config: data({ v: fc.nat(2) }) }) },
  { weight: 3, arbitrary: fc.record({ op: one('registerTransport'), id: transport, endpoint }) },
  { weight: 2, arbitrary: fc.record({ op: one('registerTransport'), id: transport, endpoint, config: data({ serverId: server }) }) },
  { weight: 2, arbitrary: fc.record({ op: one('unregisterServer'), id: server }) },
  { weight: 1, arbitrary: fc.record({ op: one('unregisterTransport'), id: transport }) },
  { weight: 1, arbitrary: fc.record({ op: one('updateServer'), id: server, config: data({ v: fc.nat(2) }) }) },
  { weight: 5, arbitrary: fc.record({ op: one('bindTransportToServer'), transportId: transport, serverId: server }) },
  { weight: 1, arbitrary: fc.record({ op: one('unbindTransport'), transportId: transport }) },
  { weight: 1, arbitrary: fc.record({ op: one('down'), endpoint }) },
  { weight: 3, arbitrary: fc.record({ op: one('listServers', 'listTransports') }) },
  { weight: 4, arbitrary: fc.record({ op: one('broadcast'), serverId: server, message: one('') }) },
  { weight: 2, arbitrary: fc.record({ op: one('routeToTransport'), transportId: transport, serverId: server, message: one('') }) },
  { weight: 1, arbitrary: fc.record({ op: one('routeToServer'), transportId: transport, serverId: server, message: one('') }) },
) as fc.Arbitrary<Operation>;

interface Call {
  readonly operation: Operation;
  readonly at: number;
  readonly before: number;
  readonly after: number;
  /** 0: nobody hears of it again; then it happens late, or not at all. */
  readonly lost: number;
  readonly late: number;
  /** When each piece of it happens, for what does not happen at one moment. */
  readonly pieces: readonly number[];
}

const calls = fc.array(
  fc.record({ operation, at: fc.nat(40), before: fc.nat(5), after: fc.nat(5), lost: fc.nat(12), late: fc.nat(60), pieces: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }) }),
  { minLength: 5, maxLength: 28 },
);

/** Histories of a registry whose writes take effect at a random moment of their calls; lists and broadcasts do so, or look at each name at another. */
export const simulations = (manner: 'at one moment' | 'piece by piece'): fc.Arbitrary<Simulation> => calls.map((all) => simulate(all, manner));

const model = createModel({ partitions: 1, thresholds: { minWrites: Number.MAX_SAFE_INTEGER, stuckAfterMs: Infinity } });

function simulate(all: readonly Call[], manner: 'at one moment' | 'piece by piece'): Simulation {
  const entries: Entry<Operation, Observed>[] = all.map(({ operation, at, before, after, lost }, id) => ({
    id,
    actor: `client ${id}`,
    invocation: 'message' in operation ? { ...operation, message: `m${id}` } : operation,
    response: undefined,
    start: at - before,
    end: lost === 0 ? Infinity : at + after,
  }));
  const deliveries: Delivered[] = [];
  const found = new Map<number, Found[]>();
  const events: { readonly at: number; readonly happens: (state: RegistryState) => RegistryState }[] = [];

  for (const [i, { invocation, start, end }] of entries.entries()) {
    const { at, lost, late, pieces } = all[i]!;
    const isLost = lost === 0;
    if (isLost && late > 40) continue;
    const moment = isLost ? start + late : at;
    const until = isLost ? start + late : end;
    const step = (state: RegistryState): RegistryState => {
      const { state: next, outcome, deliveries: sent } = model.step(state, invocation);
      if (!isLost) entries[i] = { ...entries[i]!, response: outcome.kind === 'done' ? outcome : { kind: 'refused', code: outcome.codes[0]! } };
      for (const { message, endpoint, namespace, to, from } of sent) deliveries.push({ message: message as string, endpoint, namespace, to, from, at: moment });
      return next;
    };
    if (manner === 'at one moment' || (invocation.op !== 'broadcast' && !invocation.op.startsWith('list'))) {
      events.push({ at: moment, happens: step });
      continue;
    }
    const items: Found[] = [];
    found.set(i, items);
    const names = invocation.op === 'listServers' ? ['s1', 's2'] : ['t1', 't2'];
    for (const [n, id] of names.entries()) {
      const at = start + pieces[n]! * (until - start);
      events.push({
        at,
        happens(state) {
          if (invocation.op !== 'broadcast') items.push(...(model.step(state, invocation).outcome as { value: Found[] }).value.filter((item) => item.id === id));
          else for (const { message, endpoint, namespace, to, from } of model.step(state, invocation).deliveries) if (to === id) deliveries.push({ message: message as string, endpoint, namespace, to, from, at });
          return state;
        },
      });
    }
    if (!isLost) entries[i] = { ...entries[i]!, response: { kind: 'done', value: items } };
  }
  events.sort((a, b) => a.at - b.at).reduce((state, { happens }) => happens(state), model.initial);
  return { history: entries, deliveries };
}

/*
 * The same questions that the judge asks, answered word by word from the definitions, one pair of calls after the other.
 */

type Recorded = Entry<Operation, Observed>;
interface Span {
  readonly start: number;
  readonly end: number;
}

const happened = ({ response }: Recorded): boolean => response?.kind === 'done';
const mayHaveHappened = (entry: Recorded): boolean => happened(entry) || entry.response === undefined;
const endsName = (entry: Recorded, namespace: 'server' | 'transport', id: string, endpoint: string): boolean =>
  (entry.invocation.op === (namespace === 'server' ? 'unregisterServer' : 'unregisterTransport') && entry.invocation.id === id) || (entry.invocation.op === 'down' && entry.invocation.endpoint === endpoint);
const registers = ({ invocation }: Recorded, namespace: 'server' | 'transport', id: string, endpoint?: string): boolean =>
  invocation.op === (namespace === 'server' ? 'registerServer' : 'registerTransport') && invocation.id === id && (endpoint === undefined || invocation.endpoint === endpoint);
const namespaceOf = ({ invocation }: Recorded): 'server' | 'transport' => (invocation.op === 'listServers' ? 'server' : 'transport');

/** Whether a certain registration came before a span, and nothing that may have ended it can have happened between the two. */
export const certainlyRegistered = (history: History<Operation, Observed>, list: Recorded, { id, endpoint }: Found): boolean => certain(history, namespaceOf(list), id, endpoint, list);

function certain(history: History<Operation, Observed>, namespace: 'server' | 'transport', id: string, endpoint: string, span: Span): boolean {
  return history.some(
    (made) =>
      registers(made, namespace, id, endpoint) && happened(made) && made.end < span.start &&
      !history.some((ender) => mayHaveHappened(ender) && endsName(ender, namespace, id, endpoint) && ender.start <= span.end && (ender.end >= made.start || ender.invocation.op === 'down')),
  );
}

/** Registrations that may have been there in a span: none is that ended before, or began after. */
const lives = (history: History<Operation, Observed>, namespace: 'server' | 'transport', id: string, span: Span): Recorded[] =>
  history.filter(
    (made) =>
      registers(made, namespace, id) && mayHaveHappened(made) && made.start <= span.end &&
      !history.some(
        (ender) =>
          happened(ender) && ender.end < span.start &&
          ((ender.start > made.end && (endsName(ender, namespace, id, '') || registers(ender, namespace, id))) || (ender.invocation.op === 'down' && ender.invocation.endpoint === (made.invocation as { endpoint: string }).endpoint)),
      ),
  );

export const possiblyRegistered = (history: History<Operation, Observed>, list: Recorded, { id, endpoint }: Found): boolean =>
  lives(history, namespaceOf(list), id, list).some(({ invocation }) => (invocation as { endpoint: string }).endpoint === endpoint);

const ties = ({ invocation }: Recorded, transportId: string, serverId: string): boolean =>
  (invocation.op === 'bindTransportToServer' && invocation.transportId === transportId && invocation.serverId === serverId) || (invocation.op === 'registerTransport' && invocation.id === transportId && invocation.config?.['serverId'] === serverId);
const moves = ({ invocation }: Recorded, transportId: string): boolean => (invocation.op === 'bindTransportToServer' || invocation.op === 'unbindTransport') && invocation.transportId === transportId;

export function certainlyBound(history: History<Operation, Observed>, broadcast: Recorded, transport: string): boolean {
  const { serverId } = broadcast.invocation as { serverId: string };
  if (!happened(broadcast)) return false;
  return history.some((made) => {
    if (!ties(made, transport, serverId) || !happened(made) || made.end >= broadcast.start) return false;
    const isServerThere = history.some(({ invocation }) => invocation.op === 'registerServer' && invocation.id === serverId && certain(history, 'server', serverId, invocation.endpoint, made));
    if (made.invocation.op === 'registerTransport' && !isServerThere) return false;
    const endpoints = [...lives(history, 'transport', transport, made), ...lives(history, 'server', serverId, made)].map(({ invocation }) => (invocation as { endpoint: string }).endpoint);
    return !history.some(
      (ender) =>
        mayHaveHappened(ender) && ender.start <= broadcast.end && ender.end >= made.start && ender !== made &&
        ((moves(ender, transport) && (ender.invocation as { serverId?: string }).serverId !== serverId) ||
          endsName(ender, 'transport', transport, '') || endsName(ender, 'server', serverId, '') ||
          (ender.invocation.op === 'down' && endpoints.includes(ender.invocation.endpoint))),
    );
  });
}

export function possiblyBound(history: History<Operation, Observed>, broadcast: Recorded, { to, endpoint }: Delivered): boolean {
  const { serverId } = broadcast.invocation as { serverId: string };
  return history.some((made) => {
    if (!ties(made, to, serverId) || !mayHaveHappened(made) || made.start > broadcast.end) return false;
    const isOver = history.some(
      (ender) => happened(ender) && ender.start > made.end && ender.end < broadcast.start && (moves(ender, to) || endsName(ender, 'transport', to, '') || registers(ender, 'transport', to)),
    );
    if (isOver) return false;
    const both = { start: Math.max(made.start, broadcast.start), end: Math.min(made.end, broadcast.end) };
    return lives(history, 'transport', to, both).some(({ invocation }) => (invocation as { endpoint: string }).endpoint === endpoint) && lives(history, 'server', serverId, both).length > 0;
  });
}
