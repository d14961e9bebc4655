import type { Found, Operation } from '../../model/index.js';
import { Blocked, Violation } from '../engine/findings.js';
import { judgeIntervals, type Delivered } from '../engine/intervals.js';
import { blameHistory, isRoute, registryHistories, type Observed } from '../engine/registry-history.js';
import type { Call } from '../engine/rig.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { drained, turn } from '../engine/virtual-clock.js';
import { check as order, Recorder, type Entry } from '../linearizability/index.js';

/*
 * A read that does not answer at once lets others in between, if only for some jobs of the promise queue. Whatever is written then,
 * it answers with what was so at one moment; a list and a broadcast with what was so throughout.
 */

const budget = { steps: 1_000_000, milliseconds: 2_000 };

const unregister = (id: string): Operation => ({ op: 'unregisterServer', id });
const again: readonly Operation[] = [unregister('s1'), { op: 'registerServer', id: 's1', endpoint: 'e9', config: { v: 9 } }];
const transportAgain: readonly Operation[] = [{ op: 'unregisterTransport', id: 't1' }, { op: 'registerTransport', id: 't1', endpoint: 'e8', config: { serverId: 's1' } }];
const boundAgain: readonly Operation[] = [{ op: 'unbindTransport', transportId: 't1' }, { op: 'bindTransportToServer', transportId: 't1', serverId: 's1' }];
const transportGone: readonly Operation[] = [{ op: 'unregisterTransport', id: 't1' }];

/** Reads, and what is written while they are under way. */
const lookups = (t: Trial): readonly (readonly [read: Operation, writes: readonly Operation[]])[] => [
  [{ op: 'findServer', id: 's1' }, again],
  ...(t.offers('update') ? [[{ op: 'findServer', id: 's1' }, [...again, { op: 'updateServer', id: 's1', config: { v: 7 } }]] as const] : []),
  ...(binds(t) ? [[{ op: 'findTransport', id: 't1' }, transportAgain] as const, [{ op: 'getServerForTransport', transportId: 't1' }, transportAgain] as const, [{ op: 'getServerForTransport', transportId: 't1' }, [...again, ...boundAgain]] as const] : []),
];
const lists = (t: Trial): ReturnType<typeof lookups> => [
  [{ op: 'listServers' }, again],
  [{ op: 'listServers' }, [unregister('s1')]],
  [{ op: 'listServers' }, [unregister('s2'), { op: 'registerServer', id: 's4', endpoint: 'e9' }]],
  ...(binds(t) ? [[{ op: 'listTransports' }, transportAgain] as const, [{ op: 'listTransports' }, transportGone] as const] : []),
];
const broadcasts = (): ReturnType<typeof lookups> => [
  [{ op: 'broadcast', serverId: 's1', message: 'm' }, boundAgain],
  [{ op: 'broadcast', serverId: 's1', message: 'm' }, transportAgain],
  [{ op: 'broadcast', serverId: 's1', message: 'm' }, transportGone],
];

const binds = (t: Trial): boolean => t.offers('transports') && t.offers('binding') && t.offers('configs');

/** Three servers, and three transports bound to the first. */
const setup = (t: Trial): Operation[] => [
  ...['s1', 's2', 's3'].map((id, v): Operation => ({ op: 'registerServer', id, endpoint: `of ${id}`, ...(t.offers('configs') && { config: { v } }) })),
  ...(binds(t) ? ['t1', 't2', 't3'].map((id): Operation => ({ op: 'registerTransport', id, endpoint: `of ${id}`, config: { serverId: 's1' } })) : []),
];

const isInterval = ({ invocation: { op } }: Entry<Operation, Observed>): boolean => op === 'broadcast' || op.startsWith('list');

/** Begins a read, lets so many jobs run, writes, with so many jobs in between, and judges all of it. Gives whether the read was still under way. */
async function judge(t: Trial, [read, writes]: ReturnType<typeof lookups>[number], jobs: number, between: number): Promise<boolean> {
  const rig = await t.open(t.offers('partitions') ? { partitions: 2 } : {});
  let moment = 0;
  const recorder = new Recorder<Operation, Observed>({ now: () => moment++ });
  const deliveries: Delivered[] = [];
  rig.mailbox.witness = ({ message, endpoint, namespace, to, from }) => {
    if (typeof message === 'string') deliveries.push({ message, endpoint, namespace, to, from, at: moment++ });
    return undefined;
  };
  for (const operation of setup(t)) {
    const id = recorder.call('setup', operation);
    await t.setup(operation);
    recorder.answer(id, { kind: 'done', value: undefined });
  }
  const calls = [read, ...writes].map((operation, i) => ({ operation, actor: `client ${i + 1}` }));
  const open: Promise<void>[] = [];
  let wasUnderWay = false;
  let reading: Call | undefined;
  for (const [i, { operation, actor }] of calls.entries()) {
    t.occurred(reading !== undefined && reading.settled === undefined);
    const id = recorder.call(actor, operation);
    const call = rig.start(operation);
    reading ??= call;
    if (call.settled !== undefined) recorder.answer(id, call.settled);
    else {
      wasUnderWay ||= i === 0;
      open.push(rig.finish(call, showOperation(operation)).then((answer) => recorder.answer(id, answer)));
    }
    for (let job = 0; job < (i === 0 ? jobs : between); job++) await undefined;
  }
  await drained();
  await Promise.all(open);
  await t.arrivals(0);
  const history = recorder.history();
  t.evidence++;
  const inOrder = history.filter((entry) => !isInterval(entry) && !isRoute(entry.invocation));
  if (order(registryHistories, inOrder, budget).verdict === 'violated') {
    if (isInterval({ invocation: read } as Entry<Operation, Observed>)) throw new Blocked('writes had to be in some order');
    const { response } = history.find(({ invocation }) => invocation === read)!;
    const why = `${showOperation(read)}, while others write, answers what was so at no moment`;
    throw new Violation(why, 'what was so at one moment of the call', showAnswer(response!, 'nothing'), blameHistory(inOrder, budget));
  }
  const [violation] = judgeIntervals(history, deliveries);
  if (violation !== undefined) throw violation;
  return wasUnderWay;
}

/** At several moments of the read, as long as it has not been answered before. */
async function atAllMoments(t: Trial, cases: ReturnType<typeof lookups>): Promise<void> {
  t.ruledOut('it is answered before the call returns: nothing can come in between');
  for (const one of cases) {
    for (const jobs of [0, 1, 2, 3, 4, 6, 9]) {
      let wasUnderWay = false;
      for (const between of [0, 1]) wasUnderWay = (await judge(t, one, jobs, between)) || wasUnderWay;
      if (!wasUnderWay) break;
    }
  }
}

/** More than any page or chunk that a registry may do them in. */
const many = 260;

/** A read of many, made and left open, so many jobs or a turn of the event loop before others write; gives the answer, if it was open then. */
async function overMany(t: Trial, read: Operation, writes: readonly Operation[], moment: number | 'a turn'): Promise<Answer | undefined> {
  const reading = t.rig.start(read);
  if (moment === 'a turn') await turn();
  else for (let job = 0; job < moment; job++) await undefined;
  if (reading.settled !== undefined) return undefined;
  t.occurred();
  const open = [reading, ...writes.map((write) => t.rig.start(write))];
  for (const call of open) await t.finish(call, 'a read of many, or a write under it');
  return reading.settled;
}

/** What begins, middle and end of it are while others write: some goes, some comes. */
const touched = [0, 1, 2, 100, many - 1];
const untouched = (all: readonly string[]): string[] => all.filter((_, i) => !touched.includes(i));

/** Each of these is there once. */
function eachOnce(t: Trial, wanted: readonly string[], seen: readonly string[], what: string): void {
  const counts = new Map<string, number>();
  for (const one of seen) counts.set(one, (counts.get(one) ?? 0) + 1);
  const wrong = wanted.filter((one) => counts.get(one) !== 1);
  t.check(wrong.length === 0, `${what} that others write under does not hold what was there throughout, once`, `once each of ${wanted.length}`, wrong.slice(0, 5).map((one) => `${one}: ${counts.get(one) ?? 0} times`).join(', '));
}

const moments = [0, 1, 2, 4, 8, 20, 'a turn'] as const;
const names = (prefix: string): string[] => Array.from({ length: many }, (_, i) => `${prefix}${i}`);

/** Hundreds of servers; gives their ids. */
async function hundreds(t: Trial): Promise<string[]> {
  await t.open();
  const ids = names('s');
  for (const id of ids) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
  t.rig.lines.length = 0;
  return ids;
}

async function listsOfMany(t: Trial): Promise<void> {
  t.ruledOut('it is answered before the call returns: nothing can come in between');
  for (const moment of moments) {
    const ids = await hundreds(t);
    const answer = await overMany(t, { op: 'listServers' }, [...touched.map((i) => unregister(ids[i]!)), { op: 'registerServer', id: 'a', endpoint: 'e2' }], moment);
    if (answer === undefined) return;
    const found = t.accepted(answer, 'listServers()', 'it takes no argument') as readonly Found[];
    eachOnce(t, untouched(ids), found.map(({ id }) => id), 'a long list');
  }
}

async function listsOfManyThatComeAgain(t: Trial): Promise<void> {
  t.ruledOut('it is answered before the call returns: nothing can come in between');
  for (const moment of moments) {
    const ids = await hundreds(t);
    const writes = touched.flatMap((i): Operation[] => [unregister(ids[i]!), { op: 'registerServer', id: ids[i]!, endpoint: 'e2' }]);
    const answer = await overMany(t, { op: 'listServers' }, writes, moment);
    if (answer === undefined) return;
    const found = (t.accepted(answer, 'listServers()', 'it takes no argument') as readonly Found[]).map(({ id }) => id);
    const twice = found.filter((id, i) => found.indexOf(id) !== i);
    t.check(twice.length === 0, 'a long list, under which names were given up and registered again, holds one twice', 'each once', twice.slice(0, 5));
  }
}

async function listsAfterAnAnswer(t: Trial): Promise<void> {
  t.ruledOut('a list is answered before anything that is written after its call');
  for (const moment of moments) {
    await hundreds(t);
    const earlier = t.rig.start({ op: 'listServers' });
    if (moment === 'a turn') await turn();
    else for (let job = 0; job < moment; job++) await undefined;
    const write = t.rig.start({ op: 'registerServer', id: 'a', endpoint: 'e2' });
    for (let job = 0; job < 50 && write.settled === undefined && earlier.settled === undefined; job++) await undefined;
    const isBetween = write.settled?.kind === 'done' && earlier.settled === undefined;
    const later = t.rig.start({ op: 'listServers' });
    t.occurred(isBetween);
    await t.finish(write, 'a write under a list');
    await t.finish(earlier, 'a list of many');
    const found = t.accepted(await t.finish(later, 'a list of many'), 'listServers()', 'it takes no argument') as readonly Found[];
    if (isBetween) t.check(found.some(({ id }) => id === 'a'), 'a list that was called after a registration had been answered lacks it, as one does that was under way', 'a', 'not among them');
  }
}

async function broadcastsToMany(t: Trial): Promise<void> {
  t.ruledOut('it is answered before the call returns: nothing can come in between');
  for (const moment of moments) {
    const { mailbox } = await t.open();
    const ids = names('t');
    await t.setup({ op: 'registerServer', id: 's', endpoint: 'e1' });
    for (const id of ids) await t.setup({ op: 'registerTransport', id, endpoint: 'e2' }, { op: 'bindTransportToServer', transportId: id, serverId: 's' });
    t.rig.lines.length = 0;
    mailbox.take();
    const answer = await overMany(t, { op: 'broadcast', serverId: 's', message: 'm' }, touched.map((i): Operation => ({ op: 'unbindTransport', transportId: ids[i]! })), moment);
    if (answer === undefined) return;
    t.accepted(answer, 'a broadcast', 'its server is registered');
    eachOnce(t, untouched(ids), (await t.arrivals(many - touched.length)).map(({ to }) => to), 'a large broadcast');
  }
}

/** What an eventual registry shows meanwhile may be old. */
const linearizable = { consistency: 'linearizable' } as const;

export const yieldingReadsChecks = [
  check('CON-1', 'a lookup that others write under tells what was so at one moment', 'lookups under way while others write', (t) => atAllMoments(t, lookups(t)), { ...linearizable, needs: ['configs'] }),
  check('LST-3', 'a list that others write under holds what was there throughout, once', 'lists under way while others write', (t) => atAllMoments(t, lists(t)), { ...linearizable, needs: ['configs'] }),
  check('LST-3', 'a list of hundreds that others write under holds what was there throughout, once', 'a list of hundreds under way while others write', listsOfMany, linearizable),
  check('LST-1', 'a list of hundreds under which names are given up and registered again holds each once', 'a list of hundreds under way while names are given up and registered again', listsOfManyThatComeAgain, { ...linearizable, needs: ['lists'] }),
  check('LST-3', 'a list that is called when a write has been answered holds it, also while an earlier list is under way', 'a write answered while a list was under way', listsAfterAnAnswer, linearizable),
  check('RTE-9', 'a broadcast that others bind and unbind under reaches what was bound throughout, once', 'broadcasts under way while others bind', (t) => atAllMoments(t, broadcasts()), { ...linearizable, needs: ['configs'] }),
  check('RTE-9', 'a broadcast to hundreds that others unbind under reaches what was bound throughout, once', 'a broadcast to hundreds under way while others unbind', broadcastsToMany, linearizable),
];
