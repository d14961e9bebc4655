import { getEventListeners } from 'node:events';
import type { Operation } from '../../model/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { Blocked, Violation } from '../engine/findings.js';
import { blameHistory, registryHistories, type Observed } from '../engine/registry-history.js';
import type { Call } from '../engine/rig.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { check as order, Recorder } from '../linearizability/index.js';
import { hold, writesOf } from './lanes.js';

/*
 * Commits that are stuck for so long that whoever waits may be answered before: with a refusal, or that nobody knows. When they come
 * in the end, what was refused has not happened, and what is not known has happened wholly or not at all.
 */

/** Longer than any time-out. Milliseconds. */
const stuckMs = 60_000;

const budget = { steps: 1_000_000, milliseconds: 2_000 };

/** What happens while writes are stuck. */
const events = ['nothing', 'closed', 'closed and opened'] as const;

/** Everything that can be looked up about the names that are written. */
function readsOf(t: Trial): Operation[] {
  return ['a', 'b', 'c'].flatMap((id): Operation[] => [
    { op: 'findServer', id },
    ...(t.offers('transports') ? [{ op: 'findTransport', id } as const] : []),
    ...(t.offers('transports') && t.offers('binding') ? [{ op: 'getServerForTransport', transportId: id } as const] : []),
  ]);
}

/** Who else writes the same names, and waits behind a write that is stuck. */
function behind(t: Trial, stuck: Operation): Operation[] {
  const free: Operation[] = [{ op: 'registerServer', id: 'b', endpoint: 'e3' }, ...(t.offers('transports') ? [{ op: 'registerTransport', id: 'b', endpoint: 'e4' } as const] : [])];
  const held = writesOf(t, 'a', 'b', 'c').filter(({ op }) => !op.startsWith('register'));
  return [...(stuck.op.startsWith('register') ? free : held), ...free].slice(0, 4);
}

/** All calls are ended, or never will be: time passes until no timer is left, however slow the commits. */
async function untilAllEnd(t: Trial, calls: readonly Call[], ended: () => void): Promise<void> {
  for (let ms = 0; ms < 40 * stuckMs; ) {
    // In small steps at first: who is answered before others has its place before them.
    const step = ms < stuckMs / 2 ? 500 : stuckMs / 2;
    await t.rig.clock.advance(step);
    ms += step;
    ended();
    if (ms > 2 * stuckMs && calls.every(({ settled }) => settled !== undefined) && t.rig.clock.timers === 0) return;
  }
}

/** Starts a write that is stuck and those that wait behind it, lets something happen and all the time pass, and judges what came of it. */
async function judge(t: Trial, stuck: Operation, event: (typeof events)[number]): Promise<void> {
  const rig = await t.open(t.offers('partitions') ? { partitions: 1 } : {});
  const recorder = new Recorder<Operation, Observed>();
  await hold(t, 'a', 'c');
  for (const { what, answer } of rig.lines) if (typeof what !== 'string') recorder.answer(recorder.call('setup', what), answer!);
  await rig.slowCommit(stuckMs);
  const open = new Map<number, Call>();
  const ended = (): void => {
    for (const [id, { settled }] of open) if (settled !== undefined && open.delete(id)) answered(recorder, id, settled);
  };
  const calls = [stuck, ...behind(t, stuck)].map((operation, i) => {
    const id = recorder.call(`client ${i + 1}`, operation);
    const call = rig.start(operation);
    open.set(id, call);
    return call;
  });
  await rig.underway(calls[0]!);
  ended();
  if (event !== 'nothing') await t.setup({ op: 'setAdmission', mode: 'closed' });
  ended();
  if (event === 'closed and opened') await t.setup({ op: 'setAdmission', mode: 'open' });
  await untilAllEnd(t, calls, ended);
  await rig.slowCommit(0);
  if (open.size > 0) throw new Blocked('every write had to end');
  for (const { settled } of calls) t.occurred(settled?.kind === 'refused');
  let inSecret = false;
  const explained = t.eventually(async () => {
    const seen = new Recorder<Operation, Observed>();
    const past = recorder.history();
    for (const read of readsOf(t)) seen.answer(seen.call('afterwards', read), await rig.peek(read));
    const moments = Math.max(...past.map(({ start, end }) => (end === Infinity ? start : end))) + 1;
    const history = [...past, ...seen.history().map((entry) => ({ ...entry, id: entry.id + past.length, start: entry.start + moments, end: entry.end + moments }))];
    t.evidence++;
    if (order(registryHistories, history, budget).verdict !== 'violated') return;
    inSecret = blameHistory(history, budget) === 'CON-3';
    const shown = history.slice(past.length).map(({ invocation, response }) => `${showOperation(invocation)} → ${showAnswer(response!, 'nothing')}`);
    throw new Violation('what was refused or left unknown while its commit was stuck has happened, or happened by half', 'what was refused has not happened, and what is not known wholly or not at all', shown.join('; '));
  });
  // An eventual registry may come round to it, until it has had its time.
  await explained.catch((error: unknown) => {
    if (error instanceof Violation && !inSecret) throw new Blocked('writes had to be in some order');
    throw error;
  });
}

interface Succession {
  readonly slow: Operation;
  readonly then: readonly Operation[];
  readonly shows: (why: string) => Promise<void>;
}

/** A write that is slow, what is written when it has been answered, and what shows that: left-overs of the one may undo the other. */
function successions(t: Trial): Succession[] {
  const server = { op: 'registerServer', id: 'c', endpoint: 'e6' } as const;
  const transport = { op: 'registerTransport', id: 'a', endpoint: 'e6' } as const;
  const bind = { op: 'bindTransportToServer', transportId: 'a', serverId: 'c' } as const;
  const unbind = { op: 'unbindTransport', transportId: 'a' } as const;
  const bound = (to: string | undefined) => (why: string) => t.gives({ op: 'getServerForTransport', transportId: 'a' }, to, why);
  const update = (v: number): Operation => ({ op: 'updateServer', id: 'c', config: { v } });
  return [
    { slow: { op: 'unregisterServer', id: 'c' }, then: [server], shows: (why) => t.holds('c', 'e6', why) },
    { slow: { op: 'unregisterServer', id: 'c' }, then: [server, bind], shows: bound('c') },
    { slow: { op: 'unregisterTransport', id: 'a' }, then: [transport], shows: (why) => t.holds('a', 'e6', why, 'findTransport') },
    { slow: { op: 'unregisterTransport', id: 'a' }, then: [transport, bind], shows: bound('c') },
    { slow: unbind, then: [bind], shows: bound('c') },
    { slow: { ...bind, serverId: 'a' }, then: [bind], shows: bound('c') },
    { slow: { ...bind, serverId: 'a' }, then: [unbind], shows: bound(undefined) },
    ...(t.offers('update') && t.offers('configs') ? [{ slow: update(7), then: [update(8)], shows: (why: string) => t.gives({ op: 'findServer', id: 'c' }, { id: 'c', endpoint: 'e1', config: { v: 8 } }, why) }] : []),
  ];
}

const answered = (recorder: Recorder<Operation, Observed>, id: number, answer: Answer): void =>
  answer.kind === 'refused' && answer.code === 'outcome_unknown' ? recorder.lose(id) : recorder.answer(id, answer);

export const lateEffectsChecks = [
  check('CON-3', 'what is refused or left unknown while its commit is stuck has happened wholly or not at all when it comes', 'writes that are refused or left unknown, with a commit stuck before them', async (t) => {
    for (const stuck of writesOf(t, 'a', 'b', 'c')) {
      for (const event of events.slice(0, t.offers('override') ? events.length : 1)) await judge(t, stuck, event);
    }
  }, { needs: ['virtual-time', 'slow-commit'] }),
  check('CON-1', 'what was written after a slow write that has been answered stays as it is when time passes', 'a name found as it was written, after a slow write, and still so when time had passed', async (t) => {
    for (const { slow, then, shows } of successions(t)) {
      await t.open();
      await hold(t, 'a', 'c');
      // Commits are slow until it has been answered, so that what it does in several is slow to the last.
      await t.rig.slowCommit(100);
      const call = t.rig.start(slow);
      await t.rig.underway(call);
      for (let ms = 0; ms < 2_000 && call.settled === undefined; ms += 20) await t.rig.clock.advance(20);
      await t.rig.slowCommit(0);
      if ((await t.finish(call, showOperation(slow))).kind !== 'done') throw new Blocked(`${showOperation(slow)} had to succeed first`);
      await t.setup(...then);
      await t.occurs(shows('it was just written'));
      await t.setup({ op: 'advance', ms: 1_000 });
      await shows('nothing has been called since it was found so');
    }
  }, { needs: ['virtual-time', 'slow-commit', 'transports', 'binding'], consistency: 'linearizable' }),
  check('CLS-3', 'nor when the commits of registrations come after the close', 'registrations under way when the registry closes', async (t) => {
    const [one, other] = t.ids(2) as [string, string];
    const endpoints = ['c1', 'c2', 'c3', 'c4'];
    await t.rig.slowCommit(1_000);
    const calls = endpoints.map((endpoint, i) => t.rig.start({ op: i % 2 === 0 || !t.offers('transports') ? 'registerServer' : 'registerTransport', id: i < 2 ? one : other, endpoint }));
    await t.rig.underway(calls[0]!);
    t.occurred(t.underWay(calls));
    calls.push(t.rig.start({ op: 'close' }));
    for (let ms = 0; ms < 2 * stuckMs && !calls.every(({ settled }) => settled !== undefined); ms += 1_000) await t.rig.clock.advance(1_000);
    await t.rig.clock.advance(2 * stuckMs);
    for (const call of calls) await t.finish(call, 'a call');
    for (const endpoint of endpoints) {
      const left = getEventListeners(t.rig.endpoint(endpoint).signal, 'abort').length;
      t.check(left === 0, `a listener was left on the signal of ${endpoint}, which was being registered when the registry closed`, 0, left);
    }
  }, { needs: ['virtual-time', 'slow-commit'] }),
];
