import type { Found, Operation } from '../../model/index.js';
import type { RequirementId } from '../../spec/index.js';
import { elsewhere, showAnswer } from '../engine/answer.js';
import { Violation } from '../engine/findings.js';
import { judgeIntervals } from '../engine/intervals.js';
import { isRoute, registryHistories, surroundings, type Observed } from '../engine/registry-history.js';
import { showOperation } from '../engine/show.js';
import { check, checkAsync, shrink, type Entry, type History } from '../linearizability/index.js';
import type { LoadRun } from './run-load.js';

/** Something that is wrong in a history, and the operations that show it. */
export interface LoadViolation {
  readonly requirement: RequirementId;
  readonly violation: Violation;
  /** What contradicts itself, as small as it could be made; empty where the violation says it all. */
  readonly history: History<Operation, Observed>;
  /** Everything that has to do with it. */
  readonly part: History<Operation, Observed>;
}

export interface Judgement {
  readonly violations: readonly LoadViolation[];
  /** Operations that were judged. */
  readonly judged: number;
  readonly undecided: string | undefined;
}

export interface JudgeBudget {
  /** For the search; what is not told in it is undecided. */
  readonly milliseconds: number;
  readonly isEventual: boolean;
}

const isList = ({ op }: Operation): boolean => op === 'listServers' || op === 'listTransports';
const parted: ReadonlySet<Operation['op']> = new Set(['registerServer', 'registerTransport', 'unregisterServer', 'unregisterTransport', 'updateServer', 'findServer', 'findTransport', 'bindTransportToServer', 'unbindTransport', 'getServerForTransport', 'routeToServer', 'routeToTransport', 'down']);

/** Judges what came of a load: by search whatever concerns a few names, by intervals lists and messages. */
export async function judgeLoad(run: Pick<LoadRun, 'history' | 'arrivals' | 'connected' | 'abandoned'> & Partial<Pick<LoadRun, 'survivors'>>, budget: JudgeBudget): Promise<Judgement> {
  const history = named(run);
  const misshapen = misshapenIn(history);
  if (misshapen !== undefined) return { violations: [misshapen], judged: history.length, undecided: undefined };
  const { violations, undecided } = await judgeOrder(reached(history, run), budget);
  return { violations: [...violations, ...(budget.isEventual ? [] : byIntervals(history, run)), ...surviving(run)], judged: history.length, undecided };
}

function surviving({ survivors = [] }: Partial<Pick<LoadRun, 'survivors'>>): LoadViolation[] {
  if (survivors.length === 0) return [];
  const violation = new Violation('a name is still found after its endpoint has gone down', 'nothing', survivors[0]!, 'DWN-1');
  return [{ requirement: 'DWN-1', violation, history: [], part: [] }];
}

/** The first answer that the interface does not know: it breaks a requirement of its own. */
export function misshapenIn(history: History<Operation, Observed>): LoadViolation | undefined {
  const broken = history.find(({ response }) => response?.kind === 'broken');
  if (broken?.response?.kind !== 'broken') return undefined;
  const { what, breaks } = broken.response;
  const violation = new Violation('an answer has the wrong shape', 'a value of the interface, or an error with a specified code', `${showOperation(broken.invocation)}: ${what}`, breaks);
  return { requirement: breaks, violation, history: [], part: [broken] };
}

/** Whether there is an order of the operations that concern a few names. */
export async function judgeOrder(history: History<Operation, Observed>, { milliseconds, isEventual }: JudgeBudget): Promise<{ violations: LoadViolation[]; undecided: string | undefined }> {
  // Of a read of which nothing is known there is nothing to be said.
  const relevant = history.flatMap((entry) => (parted.has(entry.invocation.op) && (entry.response !== undefined || !registryHistories.isRead!(entry.invocation, undefined)) ? counted(entry) : []));
  const { verdict, parts } = await checkAsync(registryHistories, relevant, { milliseconds });
  if (verdict === 'unknown') return { violations: [], undecided: `whether ${relevant.length} operations can be put in order was not told in ${milliseconds} ms` };
  if (verdict === 'linearizable') return { violations: [], undecided: undefined };
  const part = parts.find((one) => one.verdict === 'violated')!.history;
  const isSecret = !isEventual && (await isExplainedBySecrecy(part, milliseconds));
  const requirement = isEventual ? 'CON-2' : isSecret ? 'CON-3' : 'CON-1';
  const shown = shrunk(part);
  const small = isSecret ? [...shown, ...secrets(part, shown)].sort((a, b) => a.start - b.start) : shown;
  const actual = small.filter(({ end }) => end !== Infinity).map(({ invocation, response }) => `${showOperation(invocation)} → ${showEnding(invocation, response!)}`);
  const violation = new Violation('no order of the overlapping operations explains what was answered', 'an order of the operations that the specification allows, each between its call and its answer', actual.join('; '), requirement);
  return { violations: [{ requirement, violation, history: small, part }], undecided: undefined };
}

/** What an operation answered, in words. */
export const showEnding = ({ op }: Operation, answer: Observed): string => showAnswer(answer, op.startsWith('find') || op.startsWith('get') || op.startsWith('route') ? 'nothing' : 'done');

/** As small as can be, and of the narrowest view in which it contradicts itself. */
function shrunk(part: History<Operation, Observed>): History<Operation, Observed> {
  const narrow = [...views(part)].find((view) => check(registryHistories, view, { milliseconds: 500 }).verdict === 'violated') ?? part;
  let small = shrink(registryHistories, narrow);
  // What could not be judged in time the first time may be, now that there is less of it.
  for (let pass = 0, before = narrow.length; pass < 2 && small.length > few && small.length < before; pass++) [before, small] = [small.length, shrink(registryHistories, small, { milliseconds: 2_000 })];
  return small;
}

/** So many operations a person can read. */
const few = 8;

/**
 * What can be judged by itself, narrowest first: a server, of which nothing depends on transports; a transport, without its
 * bindings; a transport and the servers, without other transports. Of a linearizable history each of them is linearizable.
 */
function* views(history: History<Operation, Observed>): Generator<History<Operation, Observed>> {
  const servers = new Set<string>();
  const transports = new Map<string, Set<string>>();
  const endpoints = new Map<string, Set<string>>();
  for (const { invocation } of history) {
    const { server, transport } = namesIn(invocation);
    if (transport !== undefined) transports.set(transport, (transports.get(transport) ?? new Set()).add(server ?? ''));
    else if (server !== undefined) servers.add(server);
    if (invocation.op === 'registerServer' || invocation.op === 'registerTransport') {
      const key = `${invocation.op} ${invocation.id}`;
      endpoints.set(key, (endpoints.get(key) ?? new Set()).add(invocation.endpoint));
    }
  }
  const isDownOf = (operation: Operation, ...keys: string[]): boolean => operation.op === 'down' && keys.some((key) => endpoints.get(key)?.has(operation.endpoint));
  for (const id of servers) yield history.filter(({ invocation }) => { const { server, transport } = namesIn(invocation); return (server === id && transport === undefined) || isDownOf(invocation, `registerServer ${id}`); });
  for (const id of transports.keys()) yield history.filter(({ invocation }) => (namesIn(invocation).transport === id && !/[bB]ind|^getServer/.test(invocation.op)) || isDownOf(invocation, `registerTransport ${id}`));
  for (const id of transports.keys()) {
    yield history.filter(({ invocation }) => { const { server, transport } = namesIn(invocation); return transport === id || (transport === undefined && server !== undefined) || isDownOf(invocation, `registerTransport ${id}`, ...[...servers].map((one) => `registerServer ${one}`)); });
  }
}

/** Which names an operation depends on, or changes. */
function namesIn(operation: Operation): { readonly server?: string; readonly transport?: string } {
  switch (operation.op) {
    case 'registerServer':
    case 'unregisterServer':
    case 'updateServer':
    case 'findServer':
      return { server: operation.id };
    case 'registerTransport':
      return { transport: operation.id, ...(typeof operation.config?.['serverId'] === 'string' && { server: operation.config['serverId'] }) };
    case 'unregisterTransport':
    case 'findTransport':
      return { transport: operation.id };
    case 'bindTransportToServer':
      return { transport: operation.transportId, server: operation.serverId };
    case 'unbindTransport':
    case 'getServerForTransport':
    case 'routeToTransport':
      return { transport: operation.transportId };
    case 'routeToServer':
      return { server: operation.serverId };
    default:
      return {};
  }
}

/** Refused for no reason of its own. In a history as long as this, one that was refused for what others did would explain too much. */
const isDoubtful = ({ response }: Entry<Operation, Observed>): boolean => response?.kind === 'refused' && surroundings.has(response.code);
const doubted = (entry: Entry<Operation, Observed>): Entry<Operation, Observed> => (isDoubtful(entry) ? { ...entry, response: undefined, end: Infinity } : entry);

/** Whether it would be right for operations to have happened that were refused for no reason of their own (CON-3). */
async function isExplainedBySecrecy(history: History<Operation, Observed>, milliseconds: number): Promise<boolean> {
  return history.some(isDoubtful) && (await checkAsync(registryHistories, history.map(doubted), { milliseconds })).verdict === 'linearizable';
}

/** The first operation that was refused and would explain the rest if it had happened. */
function secrets(part: History<Operation, Observed>, small: History<Operation, Observed>): History<Operation, Observed> {
  const secret = part.find((entry) => isDoubtful(entry) && !small.some(({ id }) => id === entry.id) && check(registryHistories, [...small, doubted(entry)], { milliseconds: 100 }).verdict === 'linearizable');
  return secret === undefined ? [] : [secret];
}

function byIntervals(history: History<Operation, Observed>, { arrivals, connected, abandoned }: Pick<LoadRun, 'arrivals' | 'connected' | 'abandoned'>): LoadViolation[] {
  // The endpoints of clients that are gone have taken with them what arrived there: nobody can be said to have been left out.
  const isIncomplete = connected && abandoned.length > 0;
  const lists = history.filter(({ invocation, response }) => !isList(invocation) || (response?.kind === 'done' && (response.value as readonly Found[]).every(({ endpoint }) => endpoint !== elsewhere)));
  return judgeIntervals(lists, arrivals.flatMap((arrival) => (typeof arrival.message === 'string' ? [{ ...arrival, message: arrival.message }] : [])))
    .filter(({ requirement }) => !isIncomplete || requirement === 'RTE-4' || requirement === 'RTE-5' || requirement === 'RTE-8')
    .map((violation) => ({ requirement: violation.requirement!, violation, history: [], part: history }));
}

/** The history of a load, in which it can be told what was seen, and where messages went. */
export const toldApart = (run: Pick<LoadRun, 'history' | 'arrivals' | 'connected'>): History<Operation, Observed> => reached(named(run), run);

const named = ({ history, connected }: Pick<LoadRun, 'history' | 'connected'>): History<Operation, Observed> => (connected ? withEndpoints(history) : history);

/** Routes, with where they went in place of how many it were. */
function reached(history: History<Operation, Observed>, { arrivals }: Pick<LoadRun, 'arrivals'>): History<Operation, Observed> {
  const endpoints = new Map(arrivals.map(({ message, endpoint }) => [message, endpoint]));
  return history.map((entry) => {
    const { invocation, response } = entry;
    const endpoint = isRoute(invocation) && response?.kind === 'done' ? endpoints.get((invocation as { message: string }).message) : undefined;
    return endpoint === undefined ? entry : { ...entry, response: { kind: 'done', value: endpoint } };
  });
}

/** Of a route of which only the count is known: it reached nobody, or it is not known whom. */
function counted(entry: Entry<Operation, Observed>): Entry<Operation, Observed>[] {
  const { invocation, response } = entry;
  if (!isRoute(invocation) || response?.kind !== 'done' || typeof response.value !== 'number') return [entry];
  return response.value === 0 ? [{ ...entry, response: { kind: 'done', value: undefined } }] : [];
}

/**
 * Answers of clients elsewhere do not say which endpoint they show. The configuration that a registration was made with does; where
 * it has been replaced by an update the read says too little, and is left out.
 */
function withEndpoints(history: History<Operation, Observed>): History<Operation, Observed> {
  const owners = new Map<unknown, string>();
  for (const { invocation } of history) if ('endpoint' in invocation && invocation.op !== 'down') owners.set(invocation.config?.['v'], invocation.endpoint);
  const known = (found: Found): Found => (found.endpoint === elsewhere ? { ...found, endpoint: owners.get(found.config['v']) ?? elsewhere } : found);
  return history.flatMap((entry) => {
    const { invocation, response } = entry;
    if (response?.kind !== 'done' || response.value === undefined) return [entry];
    if (isList(invocation)) return [{ ...entry, response: { ...response, value: (response.value as readonly Found[]).map(known) } }];
    if (!invocation.op.startsWith('find')) return [entry];
    const found = known(response.value as Found);
    return found.endpoint === elsewhere ? [] : [{ ...entry, response: { ...response, value: found } }];
  });
}
