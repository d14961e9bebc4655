import { isDeepStrictEqual } from 'node:util';
import { createModel, type Operation } from '../../model/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { Blocked, Violation } from '../engine/findings.js';
import { show, showOperation } from '../engine/show.js';
import { check, type Check, type Trial } from '../engine/trial.js';

/** A few writes on names of their own, one right after the other, and what was there before. */
interface Scenario {
  readonly setup: readonly Operation[];
  readonly writes: readonly Operation[];
  readonly reads: readonly Operation[];
}

/** The names that a scenario is about. */
interface Names {
  readonly s: string;
  readonly r: string;
  readonly a: string;
  /** Makes names of endpoints that are no other scenario's. */
  readonly e: (name: string) => string;
}

/** Whoever reads: a registry may answer them from different places, in turn. */
const readers = 4;

/** What has shown goes on showing, at least until so many times the staleness have passed. */
const watched = 10;

/** How many scenarios are looked at together, of a registry for which that takes little time. */
const together = 24;

/** How long all scenarios may take for want of time that passes. Milliseconds. */
const longestMs = 5_000;

const before = ({ s, r, a, e }: Names, t: Trial): Operation[] => [
  { op: 'registerServer', id: s, endpoint: e('s'), ...(t.offers('configs') && { config: { v: 1 } }) },
  { op: 'registerServer', id: r, endpoint: e('r') },
  ...(t.offers('transports') ? [{ op: 'registerTransport', id: a, endpoint: e('a') } as const] : []),
  ...(binds(t) ? [{ op: 'bindTransportToServer', transportId: a, serverId: s } as const] : []),
];

const binds = (t: Trial): boolean => t.offers('transports') && t.offers('binding');

/** Every kind of write that a reader can notice. */
function writesOn({ s, r, a, e }: Names, t: Trial): Operation[] {
  const configs = t.offers('configs');
  return [
    { op: 'registerServer', id: s, endpoint: e('s2'), ...(configs && { config: { v: 2 } }) },
    { op: 'unregisterServer', id: s },
    ...(configs && t.offers('update') ? [{ op: 'updateServer', id: s, config: { v: 3 } } as const, { op: 'updateServer', id: s, config: { v: 4 } } as const] : []),
    ...(t.offers('liveness') ? [{ op: 'down', endpoint: e('s') } as const, { op: 'down', endpoint: e('s2') } as const] : []),
    ...(t.offers('transports') ? [{ op: 'registerTransport', id: a, endpoint: e('a2') } as const, { op: 'unregisterTransport', id: a } as const] : []),
    ...(t.offers('transports') && t.offers('liveness') ? [{ op: 'down', endpoint: e('a') } as const, { op: 'down', endpoint: e('a2') } as const] : []),
    ...(binds(t)
      ? [
          { op: 'bindTransportToServer', transportId: a, serverId: s } as const,
          { op: 'bindTransportToServer', transportId: a, serverId: r } as const,
          { op: 'unbindTransport', transportId: a } as const,
          ...(configs ? [{ op: 'registerTransport', id: a, endpoint: e('a3'), config: { serverId: r } } as const] : []),
        ]
      : []),
  ];
}

function readsOf({ s, r, a }: Names, t: Trial): Operation[] {
  return [
    { op: 'findServer', id: s },
    { op: 'findServer', id: r },
    ...(t.offers('transports') ? [{ op: 'findTransport', id: a } as const] : []),
    ...(binds(t) ? [{ op: 'getServerForTransport', transportId: a } as const] : []),
  ];
}

/** Whether a write does something, by the model: what is refused is acknowledged to nobody. */
function takesEffect(operations: readonly Operation[]): boolean {
  const model = createModel();
  let { initial: state } = model;
  for (const operation of operations) {
    const { outcome, state: next } = model.step(state, operation);
    if (outcome.kind === 'refused' || isDeepStrictEqual(next, state)) return false;
    state = next;
  }
  return true;
}

/** All that `count` writes can come to that follow each other at once, from a registry that holds nothing of it and from one that holds all. */
function* scenarios(t: Trial, count: number): Generator<Scenario> {
  const names = (): Names => {
    const [s, r, a] = t.ids(3) as [string, string, string];
    const mark = `${++made}`;
    return { s, r, a, e: (name) => `${name}.${mark}` };
  };
  let made = 0;
  const probe = names();
  for (const holds of [false, true]) {
    const kinds = writesOn(probe, t).length;
    for (let code = 0; code < kinds ** count; code++) {
      const pick = (of: Names): Operation[] => Array.from({ length: count }, (_, i) => writesOn(of, t)[Math.floor(code / kinds ** i) % kinds]!);
      if (!takesEffect([...(holds ? before(probe, t) : []), ...pick(probe)])) continue;
      const own = names();
      yield { setup: holds ? before(own, t) : [], writes: pick(own), reads: readsOf(own, t) };
    }
  }
}

/** Performs scenarios on one registry, lets the staleness pass, and looks: from several readers, and for a while. */
async function judge(t: Trial, some: readonly Scenario[]): Promise<Scenario | undefined> {
  const rig = await t.open();
  const model = createModel();
  let { initial: state } = model;
  const perform = async (operation: Operation): Promise<void> => {
    const answer = await rig.perform(operation);
    if (answer.kind !== 'done') throw new Blocked(`${showOperation(operation)} had to succeed first, and was ${showAnswer(answer)}`);
    state = model.step(state, operation).state;
  };
  const expected = (read: Operation): unknown => {
    const { outcome } = model.step(state, read);
    return outcome.kind === 'done' ? outcome.value : undefined;
  };
  const isRight = (read: Operation, answer: Answer): boolean => answer.kind === 'done' && isDeepStrictEqual(answer.value ?? undefined, expected(read));
  const listed = (read: Operation): Operation | undefined =>
    read.op === 'findServer' && t.offers('lists') ? { op: 'listServers' } : read.op === 'findTransport' && t.offers('lists') ? { op: 'listTransports' } : undefined;
  /** The first read that is wrong, whoever asks. */
  const look = async (): Promise<{ readonly scenario: Scenario; readonly read: Operation } | undefined> => {
    for (let reader = 0; reader < readers; reader++) {
      const lists = new Map<string, ReadonlyMap<string, unknown>>();
      for (const scenario of some) {
        for (const read of scenario.reads) {
          t.evidence++;
          if (!isRight(read, await rig.peek(read))) return { scenario, read };
          const list = listed(read);
          if (list === undefined) continue;
          if (!lists.has(list.op)) lists.set(list.op, await byId(rig.peek(list)));
          if (!isDeepStrictEqual(lists.get(list.op)!.get((read as { id: string }).id), expected(read))) return { scenario, read: list };
        }
      }
    }
    return undefined;
  };
  const passes = async (ms: number): Promise<void> => {
    if (t.offers('virtual-time')) await rig.clock.advance(ms);
  };

  /** What is acknowledged shows to everybody when the staleness has passed, in whichever time the registry lives. */
  const shows = async (): Promise<{ readonly scenario: Scenario; readonly read: Operation } | undefined> => {
    await passes(t.stalenessMs);
    if ((await look()) === undefined) return undefined;
    await new Promise((resolve) => setTimeout(resolve, t.stalenessMs + Math.max(25, t.stalenessMs / 4)));
    return look();
  };

  for (const { setup } of some) for (const operation of setup) await perform(operation);
  let wrong = await shows();
  if (wrong === undefined) {
    for (const { writes } of some) {
      for (const write of writes) await perform(write);
      t.occurred();
    }
    wrong = await shows();
  }
  const bound = `${t.stalenessMs} ms after the last write was acknowledged`;
  if (wrong === undefined) {
    for (let times = 1; times < watched && wrong === undefined; times++) {
      await passes(t.stalenessMs);
      wrong = await look();
    }
    if (wrong === undefined) return undefined;
  }
  if (some.length > 1) return wrong.scenario;
  const { read } = wrong;
  rig.lines.push({ what: `${bound}` });
  // One of several readers is told otherwise: the one that is shown must be one of those.
  let answer = await rig.perform(read);
  for (let i = 0; i < readers && read.op.startsWith('list') === false && isRight(read, answer); i++) answer = await rig.perform(read);
  const should = read.op.startsWith('list') ? `what is registered: ${show(some[0]!.reads.map(expected))}` : show(expected(read));
  throw new Violation(`${showOperation(read)}: it does not show what was acknowledged, although the staleness that the registry states has passed`, should, showAnswer(answer, 'nothing'), 'CON-2');
}

async function byId(listing: Answer | Promise<Answer>): Promise<ReadonlyMap<string, unknown>> {
  const answer = await listing;
  const entries = answer.kind === 'done' && Array.isArray(answer.value) ? (answer.value as readonly { readonly id: string }[]) : [];
  return new Map(entries.map((entry) => [entry.id, entry]));
}

/** Judges scenarios together, and by itself the one that goes wrong: it says more. */
async function judgeAll(t: Trial, all: readonly Scenario[]): Promise<void> {
  const size = Math.max(together, Math.ceil(all.length / Math.max(1, Math.floor(longestMs / Math.max(1, 3 * t.stalenessMs)))));
  for (let from = 0; from < all.length; from += size) {
    const some = all.slice(from, from + size);
    const wrong = await judge(t, some);
    if (wrong === undefined) continue;
    await judge(t, [wrong]);
    // By itself it went well: then it takes the others.
    for (let half: readonly Scenario[] = some; half.length > 1; ) {
      const parts = [half.slice(0, half.length >> 1), half.slice(half.length >> 1)];
      let smaller: readonly Scenario[] | undefined;
      for (const part of parts) if (smaller === undefined && (await judge(t, part)) !== undefined) smaller = part;
      if (smaller === undefined) break;
      half = smaller;
    }
    const { reads } = wrong;
    throw new Violation(`${showOperation(reads[0]!)} or what belongs to it does not show what was acknowledged, although the staleness that the registry states has passed`, 'what was acknowledged', 'something older', 'CON-2');
  }
}

/** How often others write while the staleness of one write passes. */
const interruptions = 12;

/** A write shows in time although others are made without a pause: what waits until there is nothing more to do waits for ever. */
async function showsUnderWrites(t: Trial): Promise<void> {
  const { clock } = await t.open();
  const id = t.id();
  await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
  const began = performance.now();
  const longest = t.stalenessMs + Math.max(25, t.stalenessMs / 4);
  for (let i = 0; i < interruptions || performance.now() - began < longest; i++) {
    await t.setup({ op: 'registerServer', id: `${id}, ${i}`, endpoint: 'e2' });
    // In whichever time the registry lives.
    if (t.offers('virtual-time')) await clock.advance(longest / interruptions);
    await new Promise((resolve) => setTimeout(resolve, longest / interruptions));
  }
  for (let reader = 0; reader < readers; reader++) {
    const answer = await t.rig.perform({ op: 'findServer', id });
    t.check(answer.kind === 'done' && (answer.value as { endpoint?: string } | undefined)?.endpoint === 'e1', `findServer(${show(id)}): it does not show what was acknowledged, although the staleness that the registry states has passed, and others have written all the time`, 'held by e1', showAnswer(answer, 'nothing'));
  }
  t.occurred();
}

/** Of a registry that claims to be eventual. */
const eventually = { consistency: 'eventual' } as const;

export const stalenessChecks: readonly Check[] = [
  check('CON-2', 'every kind of write, and any two that follow each other at once, show to every reader when the staleness has passed, and stay', 'writes that are acknowledged', async (t) => {
    for (const count of [1, 2]) await judgeAll(t, [...scenarios(t, count)]);
  }, eventually),
  check('CON-2', 'what is acknowledged shows when the staleness has passed, also while others write without a pause', 'a write that is acknowledged, and others after it all the time', async (t) => {
    if (t.stalenessMs > 2_000) return t.ruledOut('it may be stale for so long that nobody waits for it');
    await showsUnderWrites(t);
  }, eventually),
];
