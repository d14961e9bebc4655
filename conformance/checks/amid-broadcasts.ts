import fc from 'fast-check';
import type { Operation } from '../../model/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { EndpointFailure, type Arrival } from '../engine/endpoint.js';
import { Blocked, Violation } from '../engine/findings.js';
import { within } from '../engine/patience.js';
import { show, showOperation } from '../engine/show.js';
import { check, type Check, type Trial } from '../engine/trial.js';
import { waitUntil } from '../engine/virtual-clock.js';

/*
 * In the middle of broadcasts several of those who are reached call back, each by a short program of its own: they bind, unbind, give up
 * and take names, go down, route and broadcast, about themselves and about others; and some of those who are reached throw. What is judged
 * must be so in whichever order the registry does it: who was bound all the time and whom no program touches gets every broadcast, once;
 * who cannot have been bound gets nothing; what one program sends one after the other arrives in that order. What goes wrong outside of any
 * send as well does so for another reason.
 */

/** Servers `s1` and `s2` stay; `s3` comes and goes. `x…` and `y` are left alone; all others have things done to them. */
const servers = ['s1', 's2', 's3'] as const;
const bystanders: Readonly<Record<string, string>> = { x1: 's1', x2: 's1', x3: 's1', y1: 's2' };
const bonds: Readonly<Record<string, string>> = { a1: 's1', a2: 's1', a3: 's1', b1: 's2', c1: 's3', ...bystanders };
/** More of those who are left alone. */
const ofTheCrowd = (i: number): string => `of the crowd ${i}`;
const bondOf = (id: string): string | undefined => bonds[id] ?? (id.startsWith('of the crowd') ? 's1' : undefined);
const touched = ['a1', 'a2', 'a3', 'b1', 'c1', 'free'] as const;
const callers = ['a1', 'a2', 'a3', 'b1', 'c1', 'x1', 's1', 's2'] as const;

/** A call of a program: `self` is whoever makes it. Every registration is for an endpoint of its own, every message is sent once. */
type Step = (self: string, fresh: () => string) => Operation[];

const whom = (who: string, self: string): string => (who !== 'self' ? who : (touched as readonly string[]).includes(self) ? self : 'a2');

const unregister = (who: string): Step => (self) => [{ op: 'unregisterTransport', id: whom(who, self) }];
const renew = (who: string, to?: string): Step => (self, fresh) => {
  const id = whom(who, self);
  return [
    { op: 'unregisterTransport', id },
    { op: 'registerTransport', id, endpoint: fresh() },
    ...(to === undefined ? [] : [{ op: 'bindTransportToServer', transportId: id, serverId: to } as const]),
  ];
};
const bind = (who: string, to: string): Step => (self) => [{ op: 'bindTransportToServer', transportId: whom(who, self), serverId: to }];
const down = (who: string): Step => (self) => [{ op: 'down', endpoint: first(whom(who, self)) }];
/** Binds to the server to which it is bound: at no moment is it bound to none. */
const bindAnew = (who: string): Step => () => [{ op: 'bindTransportToServer', transportId: who, serverId: bondOf(who)! }];
const unbind = (who: string): Step => (self) => [{ op: 'unbindTransport', transportId: whom(who, self) }];
const cast = (from: string): Step => (_, fresh) => [{ op: 'broadcast', serverId: from, message: fresh() }];
const tell = (who: string, from: string): Step => (self, fresh) => [{ op: 'routeToTransport', transportId: who === 'self' && !self.startsWith('s') ? self : whom(who, self), serverId: from, message: fresh() }];
const tellServer = (to: string): Step => (_, fresh) => [{ op: 'routeToServer', serverId: to, transportId: 'x1', message: fresh() }];
const renewServer: Step = (_, fresh) => [{ op: 'unregisterServer', id: 's3' }, { op: 'registerServer', id: 's3', endpoint: fresh() }];

const anybody = fc.constantFrom('self', 'self', 'self', ...touched);
const someServer = fc.constantFrom(...servers);
const stays = fc.constantFrom('s1', 's1', 's2');

const write = fc.oneof(
  { weight: 4, arbitrary: anybody.map(unbind) },
  { weight: 3, arbitrary: anybody.map(unregister) },
  { weight: 3, arbitrary: anybody.map((who) => renew(who)) },
  { weight: 2, arbitrary: fc.tuple(anybody, someServer).map(([who, to]) => renew(who, to)) },
  { weight: 4, arbitrary: fc.tuple(anybody, someServer).map(([who, to]) => bind(who, to)) },
  { weight: 1, arbitrary: fc.constant(renewServer) },
  { weight: 2, arbitrary: anybody.map(down) },
  { weight: 3, arbitrary: fc.constantFrom('x2', 'y1', ofTheCrowd(30), ofTheCrowd(34)).map(bindAnew) },
);
const message = fc.oneof(
  { weight: 4, arbitrary: someServer.map(cast) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('self', 'self', ...touched, ...Object.keys(bystanders)), stays).map(([who, from]) => tell(who, from)) },
  { weight: 1, arbitrary: stays.map(tellServer) },
);

interface Plan {
  /** The order in which all are bound: in which they are reached, perhaps. */
  readonly order: readonly string[];
  readonly programs: Readonly<Record<string, readonly Step[]>>;
  /** Whether a program makes all its calls in one turn, or waits for each. */
  readonly atOnce: boolean;
  /** Who throws, whenever it is sent something. */
  readonly failing: readonly string[];
  /** How many more are bound to `s1`, before these and after them, and left alone. */
  readonly crowd: number;
}

const program = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Step[]>([]) },
  // Something is sent, and right after that something is changed; or the other way round.
  { weight: 3, arbitrary: fc.tuple(message, write).map((steps): Step[] => steps) },
  { weight: 1, arbitrary: fc.tuple(write, message).map((steps): Step[] => steps) },
  { weight: 3, arbitrary: fc.array(fc.oneof(message, write), { minLength: 1, maxLength: 4 }) },
  // Several messages to one recipient: to oneself, for example.
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('self', ...touched, ...Object.keys(bystanders)), stays).map(([who, from]): Step[] => [tell(who, from), tell(who, from), cast(from), tell(who, from)]) },
);

const plan: fc.Arbitrary<Omit<Plan, 'crowd'>> = fc.record({
  order: fc.shuffledSubarray(Object.keys(bonds), { minLength: Object.keys(bonds).length }),
  programs: fc.record(Object.fromEntries(callers.map((one) => [one, program]))),
  atOnce: fc.boolean(),
  failing: fc.oneof({ weight: 1, arbitrary: fc.constant<string[]>([]) }, { weight: 1, arbitrary: fc.subarray([...touched, ...Object.keys(bystanders)], { minLength: 1, maxLength: 2 }) }),
});

/** A few times, and once, so many are bound that a registry may do it in another way. */
const crowdOf = (i: number): number => (i === 20 ? 300 : i % 12 === 5 ? 70 : 0);

/** A call, and between which events it was made and answered. */
interface Made {
  readonly operation: Operation;
  readonly called: number;
  answered: number;
  answer?: Answer;
  readonly isPrompt: boolean;
  /** Who made it, from within a send; nobody: from outside. */
  readonly by: string | undefined;
}

interface Arrived extends Arrival {
  readonly at: number;
}

interface Told {
  readonly made: readonly Made[];
  readonly arrived: readonly Arrived[];
  /** Whether something was called from within a send before a broadcast had reached everybody. */
  readonly isAmid: boolean;
  /** Of what must have been delivered, something that was not. */
  readonly missed: string | undefined;
  /** When all is over: whom broadcasts reach, and who is bound by the lookups. */
  readonly last: { readonly got: string; readonly expected: string };
}

const first = (id: string): string => `${id} at first`;

/** Runs a plan, the programs from within the first send to each who has one; or the same calls, one after the other, outside of any send. */
async function run(t: Trial, { order, programs, atOnce, failing, crowd }: Plan, again?: readonly Made[]): Promise<Told> {
  const { mailbox, patienceMs, arrivalMs } = await t.open();
  const crowded = Array.from({ length: crowd }, (_, i) => ofTheCrowd(i));
  const alone = { ...bystanders, ...Object.fromEntries(crowded.map((id) => [id, 's1'])) };
  const bound = [...crowded.slice(crowd / 2), ...order, ...crowded.slice(0, crowd / 2)];
  const ids = [...bound, 'free'];
  await t.setup(...servers.map((id): Operation => ({ op: 'registerServer', id, endpoint: first(id) })));
  await t.setup(...ids.map((id): Operation => ({ op: 'registerTransport', id, endpoint: first(id) })));
  await t.setup(...bound.map((id): Operation => ({ op: 'bindTransportToServer', transportId: id, serverId: bondOf(id)! })));
  for (const id of failing) {
    mailbox.gives.set(first(id), () => {
      throw new EndpointFailure(`${id} throws`, mailbox);
    });
  }

  let now = 0;
  let made: Made[] = [];
  let arrived: Arrived[] = [];
  const make = (operation: Operation, by: string | undefined): Made | Promise<Made> => {
    const called = ++now;
    const performed = t.rig.perform(operation);
    const one: Made = { operation, called, answered: Infinity, isPrompt: !(performed instanceof Promise), by };
    made.push(one);
    const noted = (answer: Answer): Made => {
      one.answered = ++now;
      one.answer = answer;
      return one;
    };
    return performed instanceof Promise ? performed.then(noted) : noted(performed);
  };

  let missed: string | undefined;
  let isOver = false;
  const running: Promise<unknown>[] = [];
  const begun = new Set<string>();
  const begin = (self: string): Promise<void> => {
    begun.add(self);
    let n = 0;
    const calls = programs[self]!.flatMap((step) => step(self, () => `${self}.${n++}`));
    const all = async (): Promise<void> => {
      const open: unknown[] = [];
      for (const call of calls) {
        const one = make(call, self);
        if (!atOnce && one instanceof Promise) await one;
        open.push(one);
      }
      await Promise.all(open);
    };
    const own = all();
    running.push(own);
    // Whoever hands over is told that it is over, and no more: what went wrong is told here.
    return own.catch(() => undefined);
  };
  mailbox.witness = (arrival) => {
    arrived.push({ ...arrival, at: ++now });
    const self = callers.find((one) => first(one) === arrival.endpoint);
    return again === undefined && !isOver && self !== undefined && !begun.has(self) && programs[self]!.length > 0 ? begin(self) : undefined;
  };

  /** Until all programs have come to an end, and everybody who must has got everything. */
  const quiet = async (): Promise<void> => {
    for (let seen = -1; seen !== now; ) {
      await t.rig.arrived();
      // What is lost is not waited for again.
      if (missed === undefined && !(await waitUntil(() => unreached(made, arrived, alone) === undefined, arrivalMs))) missed = unreached(made, arrived, alone);
      await t.rig.settle();
      await within(patienceMs, 'a call made from within a send', Promise.all(running));
      if (seen === now) break;
      seen = now;
    }
    mailbox.take();
  };

  if (again === undefined) {
    for (const serverId of servers) await make({ op: 'broadcast', serverId, message: `first of ${serverId}` }, undefined);
    for (const [transportId, serverId] of [['x1', 's1'], ['y1', 's2']] as const) await make({ op: 'routeToServer', serverId, transportId, message: `first to ${serverId}` }, undefined);
  } else for (const { operation, by } of again) await make(operation, by);
  await quiet();
  const isAmid = made.some(({ by, called }) => by !== undefined && made.some(({ operation, called: before }) => operation.op === 'broadcast' && before < called && arrived.some(({ message, at }) => message === operation.message && at > called)));
  const told = { made, arrived, isAmid };
  missed ??= unreached(made, arrived, alone);

  // In the end, what is looked up and whom a broadcast reaches must be the same.
  isOver = true;
  made = [];
  arrived = [];
  const expected: string[] = [];
  const lookedUp = async (operation: Operation): Promise<unknown> => {
    const answer = await t.rig.perform(operation);
    if (answer.kind !== 'done') throw new Blocked(`${showOperation(operation)} had to succeed first, and was ${showAnswer(answer)}`);
    return answer.value;
  };
  for (const id of ids) {
    const serverId = await lookedUp({ op: 'getServerForTransport', transportId: id });
    if (serverId !== undefined) expected.push(`${id} in the name of ${String(serverId)}`);
  }
  for (const serverId of servers) await make({ op: 'broadcast', serverId, message: 'last' }, undefined);
  await waitUntil(() => arrived.length >= expected.length, arrivalMs);
  await quiet();
  // Whether it is the right endpoint is for others to say.
  const got = arrived.map(({ to, from }) => `${to} in the name of ${from}`);
  return { ...told, missed, last: { got: got.sort().join(', '), expected: expected.sort().join(', ') } };
}

const isDone = ({ answer }: Made): boolean => answer?.kind === 'done';

/** A broadcast that did not reach one who was bound all the time, or a message that did not reach who has held the name all the time. */
function unreached(made: readonly Made[], arrived: readonly Arrived[], alone: Readonly<Record<string, string>>): string | undefined {
  const got = new Set(arrived.map(({ endpoint, message }) => `${String(message)} at ${endpoint}`));
  for (const one of made) {
    const { operation } = one;
    if (!isDone(one) || !('message' in operation)) continue;
    const must =
      operation.op === 'broadcast'
        ? Object.keys(alone).filter((id) => alone[id] === operation.serverId)
        : [operation.op === 'routeToServer' ? operation.serverId : (operation as { transportId: string }).transportId].filter((id) => id in bystanders || (operation.op === 'routeToServer' && id !== 's3'));
    const missed = must.find((id) => !got.has(`${operation.message} at ${first(id)}`));
    if (missed !== undefined) return `${showOperation(operation)} did not reach ${missed}`;
  }
  return undefined;
}

/** A time between two events. */
interface Span {
  readonly from: number;
  readonly to: number;
}

const meet = (a: Span, b: Span): boolean => a.from < b.to && b.from < a.to;

/** When calls may have begun something that these others end, in the order of the events: from the call to the answer of the first that came after it. */
function lasts({ called, answered }: Pick<Made, 'called' | 'answered'>, ends: readonly Made[]): Span {
  return { from: called, to: Math.min(Infinity, ...ends.filter((end) => isDone(end) && end.called > answered).map((end) => end.answered)) };
}

const fromTheFirst = { called: -1, answered: -1 };
const isMaybe = ({ answer }: Made): boolean => answer?.kind !== 'refused';

/** When an endpoint may have held a name. */
function held(made: readonly Made[], namespace: string, id: string, endpoint: string): Span | undefined {
  const [register, end] = namespace === 'server' ? (['registerServer', 'unregisterServer'] as const) : (['registerTransport', 'unregisterTransport'] as const);
  const begin = endpoint === first(id) ? fromTheFirst : made.find((one) => one.operation.op === register && one.operation.id === id && one.operation.endpoint === endpoint && isMaybe(one));
  return begin && lasts(begin, made.filter(({ operation }) => (operation.op === end && operation.id === id) || (operation.op === 'down' && operation.endpoint === endpoint)));
}

/** Whether a transport may have been bound to a server during some time, as it is registered for an endpoint. */
function mayBeBound(made: readonly Made[], id: string, endpoint: string, serverId: string, when: Span): boolean {
  const life = held(made, 'transport', id, endpoint);
  if (life === undefined) return false;
  const ends = made.filter(({ operation: o }) => (o.op === 'unbindTransport' && o.transportId === id) || (o.op === 'unregisterTransport' && o.id === id) || (o.op === 'unregisterServer' && o.id === serverId) || (o.op === 'bindTransportToServer' && o.transportId === id && o.serverId !== serverId));
  const begins = made.filter((one) => one.operation.op === 'bindTransportToServer' && one.operation.transportId === id && one.operation.serverId === serverId && isMaybe(one));
  return [...(bondOf(id) === serverId && endpoint === first(id) ? [fromTheFirst] : []), ...begins].some((begin) => meet(life, { from: begin.called, to: begin.answered + 1 }) && meet(life, when) && meet(lasts(begin, ends), when));
}

/** What is judged: throws if it is not so. */
type Judge = (t: Trial, told: Told, where: string) => void;

/** Whoever was bound all the time has got every broadcast, and who has held a name all the time every message. */
const reachesAll: Judge = (t, { made, missed, last }, where) => {
  t.check(missed === undefined, `what nobody touched was not reached ${where}`, 'a delivery', missed);
  for (const one of made) {
    // What may be refused for what others do is not looked at: that there is no such name, or that there is.
    const isCertain = 'message' in one.operation || one.operation.op.startsWith('un');
    const overloaded = one.answer?.kind === 'refused' && (one.answer.code === 'partition_overloaded' || one.answer.code === 'write_timeout');
    if (isCertain && one.answer !== undefined && !overloaded) t.accepted(one.answer, one.operation, `it is a call like any other ${where}`);
  }
  t.check(last.got === last.expected, `when all was over, broadcasts did not reach those who are bound by the lookups, ${where}`, last.expected, last.got);
};

/** Who cannot have been bound has got nothing. */
const reachesNobodyElse: Judge = (t, { made, arrived }, where) => {
  for (const one of made) {
    const { operation } = one;
    if (operation.op !== 'broadcast' || one.answer?.kind !== 'done') continue;
    const got = arrived.filter(({ message }) => message === operation.message);
    // Whoever has answered at once has begun to hand over when it knew whom to reach.
    const when = { from: one.called, to: one.isPrompt ? Math.min(one.answered, ...got.map(({ at }) => at)) : one.answered };
    for (const { to, endpoint } of got) {
      // An older incarnation is another matter (RTE-8).
      const life = held(made, 'transport', to, endpoint);
      if (life !== undefined && life.to <= one.called) continue;
      t.check(mayBeBound(made, to, endpoint, operation.serverId, when), `${showOperation(operation)} reached what was not bound when it was made, ${where}`, `nothing at ${show(to)}, as ${show(endpoint)}`, `a delivery`);
    }
  }
};

/** A message has gone to whoever can have held the name when it was routed. */
const reachesTheName: (stale: boolean) => Judge = (stale) => (t, { made, arrived }, where) => {
  for (const one of made) {
    const { operation } = one;
    if (!('message' in operation) || one.answer?.kind !== 'done' || (operation.op === 'broadcast' && !stale)) continue;
    for (const { namespace, to, endpoint } of arrived.filter(({ message }) => message === operation.message)) {
      const life = held(made, namespace, to, endpoint);
      const isRight = stale ? life === undefined || life.to > one.called : life !== undefined && life.from < one.answered;
      t.check(isRight, `${showOperation(operation)} reached an endpoint that ${stale ? 'had given the name up before' : 'took the name afterwards'}, ${where}`, `nothing at ${show(endpoint)}`, 'a delivery');
    }
  }
};

/** What one program sends to one recipient in the name of one sender, one call after the other, arrives in that order. */
const keepsOrder: Judge = (t, { made, arrived }, where) => {
  for (const self of callers) {
    const sent = made.filter((one) => one.by === self && 'message' in one.operation && isDone(one));
    const number = new Map(sent.map((one, i) => [(one.operation as { message: string }).message, i]));
    const latest = new Map<string, number[]>();
    for (const { endpoint, to, from, message } of arrived) {
      const n = number.get(message as string);
      if (n === undefined) continue;
      const before = latest.get(`${endpoint} ${to} ${from}`) ?? [];
      latest.set(`${endpoint} ${to} ${from}`, [...before, n]);
      // Of calls that are open together only those of one kind are compared: a broadcast may take its time.
      const overtaken = before.find((other) => other > n && (sent[other]!.called > sent[n]!.answered || sent[other]!.operation.op === sent[n]!.operation.op));
      t.check(overtaken === undefined, `messages that one program sent one after the other overtook each other ${where}`, `${show(message)} before ${show(overtaken === undefined ? '' : (sent[overtaken]!.operation as { message: string }).message)}`, `the other way round, at ${show(endpoint)}`);
    }
  }
};

/** Nothing has been delivered twice: a name may have been given up and taken again meanwhile, so it is the endpoint that counts. */
const deliversOnce: Judge = (t, { arrived }, where) => {
  const seen = new Set<string>();
  for (const { endpoint, to, message } of arrived) {
    const one = `${String(message)} at ${endpoint}, as ${to}`;
    t.check(!seen.has(one), `a message was delivered twice ${where}`, 'once', one);
    seen.add(one);
  }
};

/** Whatever goes wrong is tried outside of any send as well: otherwise the sends are not the reason. */
function amid(requirement: Check['requirement'], title: string, judge: Judge): Check {
  return check(requirement, title, 'a call made from within a send, in the middle of a broadcast', async (t) => {
    const isSlow = await t.areCallsSlow();
    const plans = fc.sample(plan, { seed: t.seed, numRuns: isSlow ? 6 : 50 }).map((one, i) => ({ ...one, crowd: isSlow ? 0 : crowdOf(i) }));
    const tell = async (one: Plan, told: Told): Promise<void> => {
      try {
        judge(t, told, 'when recipients called back');
      } catch (error) {
        if (error instanceof Violation) await t.given(run(t, one, told.made).then((outside) => {
          reachesAll(t, outside, 'outside of any send');
          judge(t, outside, 'outside of any send');
        }));
        throw error;
      }
    };
    const all: (readonly [Plan, Told])[] = [];
    for (const one of plans) {
      const told = await run(t, one);
      t.occurred(told.isAmid);
      if (judge === reachesAll) await tell(one, told);
      else if (told.missed !== undefined) throw new Blocked(`what nobody touched had to be reached first: ${told.missed}`);
      else all.push([one, told]);
    }
    // Whoever harms those who are left alone, in any of them, is told that and no more.
    for (const [one, told] of all) await tell(one, told);
  }, { needs: ['transports', 'routing', 'binding', 'in-process', 'send-awaited'], consistency: 'linearizable' });
}

export const amidBroadcastsChecks = [
  amid('RTE-7', 'whatever several recipients call at once, who is left alone gets every broadcast, and the bindings agree afterwards', reachesAll),
  amid('RTE-3', 'whatever several recipients call at once, who cannot have been bound gets nothing', reachesNobodyElse),
  amid('RTE-1', 'whatever several recipients call at once, nobody gets what was routed before the name was taken', reachesTheName(false)),
  amid('RTE-8', 'whatever several recipients call at once, nobody gets what was routed after the name was given up', reachesTheName(true)),
  amid('RTE-4', 'what one recipient sends one after the other, also to itself, is in order, whatever others do', keepsOrder),
  amid('RTE-5', 'whatever several recipients call at once, nothing is delivered twice', deliversOnce),
];
