import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { createModel, type Found, type Operation, type RegistryState } from '../../model/index.js';
import type { ErrorCode } from '../../spec/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { Blocked } from '../engine/findings.js';
import type { Call } from '../engine/rig.js';
import { show, showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * What writes of each kind do to those that come after them, in their own partition and in others.
 */

/** One write of each kind. `held` is registered in both namespaces and bound to `server`, `free` is not registered. */
export function writesOf(t: Trial, held: string, free: string, server: string): Operation[] {
  const writes: Operation[] = [{ op: 'registerServer', id: free, endpoint: 'e1' }];
  if (t.offers('update')) writes.push({ op: 'updateServer', id: held, config: { v: 1 } });
  if (t.offers('transports')) writes.push({ op: 'registerTransport', id: free, endpoint: 'e2' });
  if (t.offers('transports') && t.offers('binding')) {
    if (t.offers('configs')) writes.push({ op: 'registerTransport', id: free, endpoint: 'e2', config: { serverId: server } });
    writes.push({ op: 'bindTransportToServer', transportId: held, serverId: held }, { op: 'unbindTransport', transportId: held });
  }
  if (t.offers('transports')) writes.push({ op: 'unregisterTransport', id: held });
  return [...writes, { op: 'unregisterServer', id: held }];
}

/** Makes `held` what {@link writesOf} takes it to be. */
export async function hold(t: Trial, held: string, server: string): Promise<void> {
  for (const id of new Set([held, server])) await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
  if (t.offers('transports')) await t.setup({ op: 'registerTransport', id: held, endpoint: 'e2' });
  if (t.offers('transports') && t.offers('binding')) await t.setup({ op: 'bindTransportToServer', transportId: held, serverId: server });
}

/** So many ids in each of the two partitions of a registry. */
async function idsApart(t: Trial, each: number): Promise<[string[], string[]]> {
  const ids: [string[], string[]] = [[], []];
  for (let i = 0; i < 100 && ids.some((some) => some.length < each); i++) {
    const id = `id-${i}`;
    ids[await t.partitionOf(id)]?.push(id);
  }
  if (ids.some((some) => some.length < each)) throw new Blocked('two partitions had to be reachable by id');
  await t.setup({ op: 'resetStats' });
  return ids;
}

/** Refusals that say something of the load, and nothing of names. */
const ofLoad: readonly ErrorCode[] = ['partition_overloaded', 'write_timeout', 'store_failed', 'outcome_unknown'];

/** Writes that are called one after the other without waiting, what has been registered before them, and how many milliseconds each takes. */
interface Program {
  readonly held: readonly Operation[];
  readonly line: readonly { readonly operation: Operation; readonly takes: number }[];
}

/** Both names, registered in both namespaces. */
const bothHeld = (t: Trial): Operation[] => ['a', 'b'].flatMap((id): Operation[] => [{ op: 'registerServer', id, endpoint: 'e1' }, ...(t.offers('transports') ? [{ op: 'registerTransport' as const, id, endpoint: 'e2' }] : [])]);

/** Writes over two names, which all meet in one partition. */
function programs(t: Trial): readonly Program[] {
  const id = fc.constantFrom('a', 'b');
  const kinds: fc.Arbitrary<Operation>[] = [
    fc.record({ op: fc.constant('registerServer' as const), id, endpoint: fc.constantFrom('e1', 'e2') }),
    fc.record({ op: fc.constant('unregisterServer' as const), id }),
  ];
  if (t.offers('update') && t.offers('configs')) kinds.push(fc.record({ op: fc.constant('updateServer' as const), id, config: fc.record({ v: fc.nat(9) }) }));
  if (t.offers('transports')) kinds.push(fc.record({ op: fc.constant('registerTransport' as const), id, endpoint: fc.constantFrom('e1', 'e2') }), fc.record({ op: fc.constant('unregisterTransport' as const), id }));
  if (t.offers('transports') && t.offers('binding')) {
    const bind = fc.record({ op: fc.constant('bindTransportToServer' as const), transportId: id, serverId: id });
    kinds.push(bind, bind, fc.record({ op: fc.constant('unbindTransport' as const), transportId: id }));
  }
  const write = fc.record({ operation: fc.oneof(...kinds), takes: fc.constantFrom(5, 20, 45) });
  const lines = fc.sample(fc.array(write, { minLength: 3, maxLength: 7 }), { seed: t.seed, numRuns: 25 });
  return [...lines.map((line, i) => ({ held: i % 2 === 0 ? [] : bothHeld(t), line })), ...inLine(t)];
}

/**
 * Every two writes of one name that wait behind another write, and every two of one kind with a third between them, if it matters in which
 * order they come: with the names registered before, and without.
 */
function* inLine(t: Trial): Generator<Program> {
  const kinds: Operation[] = [...writesOf(t, 'a', 'a', 'a'), { op: 'registerServer', id: 'a', endpoint: 'e2' }];
  /** What a few writes come to: what each is answered, and what is there in the end. */
  const after = (operations: readonly Operation[]): string => {
    const answers: string[] = [];
    let { initial: state } = model;
    for (const operation of operations) {
      const { state: next, outcome } = model.step(state, operation);
      answers.push(`${showOperation(operation)} ${outcome.kind}`);
      state = next;
    }
    return JSON.stringify([answers.sort(), viewOf(t, state)]);
  };
  // What they wait behind succeeds.
  const starts: readonly { readonly held: readonly Operation[]; readonly head: Operation }[] = [
    { held: [], head: { op: 'registerServer', id: 'b', endpoint: 'e1' } },
    { held: bothHeld(t), head: { op: 'unregisterServer', id: 'b' } },
    ...(t.offers('transports') && t.offers('binding') ? [{ held: [...bothHeld(t), { op: 'bindTransportToServer', transportId: 'b', serverId: 'a' } as const], head: { op: 'unregisterServer', id: 'b' } as const }] : []),
  ];
  for (const one of kinds) {
    const again = anew(one);
    for (const other of kinds) {
      if (one === other) continue;
      for (const orders of [[[one, other], [other, one]], [[one, other, again], [one, again, other], [other, one, again]]]) {
        for (const { held, head } of starts) {
          if (new Set(orders.map((order) => after([...held, ...order]))).size > 1) yield { held, line: [head, ...orders[0]!].map((operation) => ({ operation, takes: 5 })) };
        }
      }
    }
  }
}

/** The same once more, with something else to say where it has something to say. */
function anew(write: Operation): Operation {
  if (write.op === 'updateServer') return { ...write, config: { v: 2 } };
  if (write.op === 'registerServer' || write.op === 'registerTransport') return { ...write, endpoint: 'e3' };
  return { ...write };
}

/** Everything that can be looked up, once nothing changes any more. Undefined if that does not come about. */
async function view(t: Trial): Promise<unknown> {
  const reads: Operation[] = ['a', 'b'].flatMap((id): Operation[] => [
    { op: 'findServer', id },
    ...(t.offers('transports') ? [{ op: 'findTransport' as const, id }] : []),
    ...(t.offers('transports') && t.offers('binding') ? [{ op: 'getServerForTransport' as const, transportId: id }] : []),
  ]);
  let before: unknown;
  for (let tries = 0; tries < 20; tries++) {
    const now = [];
    for (const read of reads) {
      const answer = await t.rig.peek(read);
      if (answer.kind !== 'done') throw new Blocked(`${showOperation(read)} had to succeed first, and was ${showAnswer(answer)}`);
      const { value } = answer;
      now.push(t.offers('configs') || typeof value !== 'object' ? value : (value as Found).endpoint);
    }
    if (isDeepStrictEqual(now, before)) return now;
    before = now;
    if (t.stalenessMs > 0) return undefined;
  }
  return undefined;
}

const model = createModel({ partitions: 1 });

/** What the model shows where {@link view} looks. */
const viewOf = (t: Trial, state: RegistryState): unknown =>
  ['a', 'b'].flatMap((id) => {
    const ask = (operation: Operation): unknown => {
      const { outcome } = model.step(state, operation);
      const value = outcome.kind === 'done' ? outcome.value : undefined;
      return t.offers('configs') || typeof value !== 'object' ? value : (value as Found).endpoint;
    };
    return [
      ask({ op: 'findServer', id }),
      ...(t.offers('transports') ? [ask({ op: 'findTransport', id })] : []),
      ...(t.offers('transports') && t.offers('binding') ? [ask({ op: 'getServerForTransport', transportId: id })] : []),
    ];
  });

/** Whether the model says the same, if each of the calls waits for the one before. */
async function agreesInSequence(t: Trial, operations: readonly Operation[]): Promise<boolean> {
  await t.open({ partitions: 1 });
  let state = model.initial;
  for (const operation of operations) {
    const answer = await t.rig.peek(operation);
    const { state: next, outcome } = model.step(state, operation);
    if (outcome.kind === 'done' ? answer.kind !== 'done' : answer.kind !== 'refused' || !outcome.codes.includes(answer.code)) return false;
    state = next;
    const seen = await view(t);
    if (seen !== undefined && !isDeepStrictEqual(seen, viewOf(t, state))) return false;
  }
  return true;
}

export const lanesChecks = [
  check('PRT-4', 'a write of any kind that is stuck delays no operation of any kind on ids of another partition', 'a call that is open, on an id whose writes are counted in another partition', async (t) => {
    const kinds = writesOf(t, 'a', 'b', 'a').length;
    await hold(t, 'a', 'a');
    await t.answers(...writesOf(t, 'a', 'b', 'a'));
    for (let kind = 0; kind < kinds; kind++) {
      await t.open({ partitions: 2 });
      const [[held, free, beyond], [one, other, third, fourth]] = (await idsApart(t, 4)) as [[string, string, string], [string, string, string, string]];
      await hold(t, held, held);
      for (const id of [one, other, third]) await hold(t, id, id);
      const binds = t.offers('transports') && t.offers('binding');
      // Bound to a server of the other partition: what ends such a binding is an operation on the transport alone.
      if (binds) for (const transportId of [one, other, third]) await t.setup({ op: 'bindTransportToServer', transportId, serverId: held });
      // And what removes a server with a binding from the other partition is one on the server alone.
      if (binds) await t.setup({ op: 'registerTransport', id: beyond, endpoint: 'e3' }, { op: 'bindTransportToServer', transportId: beyond, serverId: one });
      const stuck = writesOf(t, held, free, held)[kind]!;
      const call = await t.stall(stuck, 60_000);
      if (!t.underWay([call])) continue;
      t.occurred();
      const why = `${showOperation(stuck)} is stuck in another partition`;
      const reads: Operation[] = [{ op: 'findServer', id: one }];
      if (binds) reads.push({ op: 'getServerForTransport', transportId: one }, { op: 'routeToTransport', transportId: one, serverId: one, message: 'm' });
      const writes: Operation[] = binds ? [{ op: 'unbindTransport', transportId: other }, { op: 'unregisterTransport', id: third }] : [];
      for (const operation of [...reads, ...writes, ...writesOf(t, one, fourth, one)]) await t.answersNow(operation, why);
    }
  }, { needs: ['partitions'] }),

  check('DLK-1', 'a read of any kind answers while a write of any kind is stuck', 'a call that is open while others read', async (t) => {
    const kinds = writesOf(t, 'a', 'b', 'c').length;
    for (let kind = 0; kind < kinds; kind++) {
      await t.open(t.offers('partitions') ? { partitions: 1 } : {});
      await hold(t, 'a', 'c');
      const stuck = writesOf(t, 'a', 'b', 'c')[kind]!;
      t.occurred(t.underWay([await t.stall(stuck, 60_000)]));
      const reads: Operation[] = [{ op: 'findServer', id: 'a' }, { op: 'findServer', id: 'b' }];
      if (t.offers('lists')) reads.push({ op: 'listServers' }, { op: 'listTransports' });
      if (t.offers('transports')) reads.push({ op: 'findTransport', id: 'a' });
      if (t.offers('transports') && t.offers('binding')) reads.push({ op: 'getServerForTransport', transportId: 'a' });
      if (t.offers('transports') && t.offers('routing')) reads.push({ op: 'routeToServer', serverId: 'a', transportId: 'a', message: 'm' }, { op: 'routeToTransport', transportId: 'a', serverId: 'a', message: 'm' });
      if (t.offers('routing') && t.offers('binding')) reads.push({ op: 'broadcast', serverId: 'c', message: 'm' });
      if (t.offers('stats')) reads.push({ op: 'getPartitionStats' });
      if (t.offers('contention')) reads.push({ op: 'getContentionStatus' });
      for (const read of reads) await t.answersNow(read, `a read must not wait for ${showOperation(stuck)}`);
    }
  }),

  check('DLK-2', 'writes of any kind to one partition take effect in the order of their calls', 'writes to two ids that are under way at the same time, and counted in one partition', async (t) => {
    for (const { held, line: program } of programs(t)) {
      // What goes wrong one after the other as well is not for this to say.
      if (!(await agreesInSequence(t, [...held, ...program.map(({ operation }) => operation)]))) continue;
      await t.open({ partitions: 1 });
      await t.setup(...held);
      if (t.offers('stats')) await t.setup({ op: 'resetStats' });
      const calls = [];
      for (const { operation, takes } of program) {
        await t.rig.slowCommit(takes);
        calls.push(t.rig.start(operation));
      }
      const together = await t.waiting(calls, 2);
      const views = [await view(t)];
      for (let ms = 0; ms < 400 && !calls.every(({ settled }) => settled !== undefined); ms += 5) {
        await t.rig.clock.advance(5);
        await t.settled(calls, ms % 50 === 0 ? 3 : 0);
        views.push(await view(t));
      }
      await t.rig.slowCommit(0);
      const answers: Answer[] = [];
      for (const call of calls) answers.push(await t.finish(call, 'a write'));
      views.push(await view(t));
      const written = new Set(program.filter((_, i) => answers[i]!.kind === 'done').map(({ operation }) => ('id' in operation ? operation.id : (operation as { transportId: string }).transportId)));
      t.occurred(together && written.size === 2 && (!t.offers('stats') || (await t.stats()).filter(({ writeCount }) => writeCount > 0).length === 1));

      // What the model holds after each of them, one after the other.
      const states = [held.reduce((state, operation) => model.step(state, operation).state, model.initial)];
      let told = true;
      for (const [i, { operation }] of program.entries()) {
        const answer = answers[i]!;
        const before = states.at(-1)!;
        const { state, outcome } = model.step(before, operation);
        const isRefused = answer.kind === 'refused';
        if (isRefused && ofLoad.includes(answer.code)) told = false;
        // Whoever is refused at the call, for what was so then, has not been a write.
        const inHaste = isRefused && states.some((earlier) => {
          const { outcome } = model.step(earlier, operation);
          return outcome.kind === 'refused' && outcome.codes.includes(answer.code);
        });
        if (!told) break;
        const wanted = outcome.kind === 'done' ? 'success' : `refused: ${outcome.codes.join(' or ')}`;
        t.check(inHaste || (answer.kind === 'done' && outcome.kind === 'done'), `${showOperation(operation)}, call ${i + 1} of ${program.length} at once, was answered as if the calls had come in another order`, wanted, showAnswer(answer));
        states.push(inHaste ? before : state);
      }
      if (!told) continue;
      const shown = states.map((state) => viewOf(t, state));
      let least = 0;
      for (const seen of views) {
        if (seen === undefined) continue;
        const at = shown.findIndex((one, k) => k >= least && isDeepStrictEqual(one, seen));
        t.check(at >= 0, 'names show what the writes so far, in the order of their calls, do not explain', show(shown[least]), show(seen));
        least = at;
      }
      const end = views.at(-1);
      t.check(end === undefined || isDeepStrictEqual(end, shown.at(-1)), 'names do not show what the writes, in the order of their calls, come to', show(shown.at(-1)), show(end));
    }
  }, { needs: ['partitions'] }),

  check('DLK-2', 'however many are in line, and however far it has come before more join it', 'writes in line, of which some have been done before others were called', async (t) => {
    for (const before of [2, 11, 47]) {
      await t.open({ partitions: 1 });
      await t.setup({ op: 'registerServer', id: 'a', endpoint: 'e1' });
      await t.rig.slowCommit(1);
      let version = 0;
      const write = (): Call => t.rig.start({ op: 'updateServer', id: 'a', config: { v: ++version } });
      const calls = Array.from({ length: before }, write);
      await t.rig.clock.advance(Math.ceil(before / 2));
      await t.settled(calls, 3);
      const done = calls.filter(({ settled }) => settled !== undefined).length;
      calls.push(...Array.from({ length: 200 }, write));
      t.occurred(done > 0 && (await t.waiting(calls.slice(done), 2)));
      let last = 0;
      const look = async (): Promise<void> => {
        const answer = await t.rig.peek({ op: 'findServer', id: 'a' });
        const shown = answer.kind === 'done' ? ((answer.value as Found | undefined)?.config as { readonly v?: number } | undefined)?.v ?? 0 : last;
        t.check(shown >= last, `${calls.length} updates of one server are in line, and one takes effect after one that was called later`, `update ${last}, or a later one`, `update ${shown}`);
        last = shown;
      };
      for (let ms = 0; ms < 400 && !calls.every(({ settled }) => settled !== undefined); ms++) {
        await t.rig.clock.advance(1);
        await t.settled(calls, ms % 50 === 0 ? 3 : 0);
        await look();
      }
      await t.rig.slowCommit(0);
      for (const call of calls) await t.finish(call, 'an update');
      await look();
      const latest = calls.findLastIndex(({ settled }) => settled?.kind === 'done') + 1;
      t.check(latest === 0 || last === latest, `${calls.length} updates of one server were in line`, `what the last of them said, update ${latest}`, `update ${last}`);
    }
  }, { needs: ['partitions', 'update', 'configs'], consistency: 'linearizable' }),

  check('BND-4', 'a bind that is under way decides, whatever becomes of the server to which the transport was bound before', 'a bind to another server that is under way while the one before it goes', async (t) => {
    for (const ends of t.offers('liveness') ? (['unregistered', 'down'] as const) : (['unregistered'] as const)) {
      await t.open({ partitions: 2 });
      // The server before is not of the partition of the transport, so that its end need not wait for the bind.
      const [[transport, next], [server]] = (await idsApart(t, 2)) as [[string, string], [string]];
      await t.setup({ op: 'registerServer', id: server, endpoint: 'dies1' }, { op: 'registerServer', id: next, endpoint: 'e2' }, { op: 'registerTransport', id: transport, endpoint: 'e3' }, { op: 'bindTransportToServer', transportId: transport, serverId: server });
      const bind = await t.stall({ op: 'bindTransportToServer', transportId: transport, serverId: next }, 50);
      t.occurred(t.underWay([bind]));
      const call = ends === 'unregistered' ? t.rig.start({ op: 'unregisterServer', id: server }) : undefined;
      if (call === undefined) await t.setup({ op: 'down', endpoint: 'dies1' });
      await t.rig.perform({ op: 'advance', ms: 100 });
      if (call !== undefined) await t.finish(call, 'an unregistration');
      if ((await t.finish(bind, 'a bind')).kind !== 'done') continue;
      await t.gives({ op: 'getServerForTransport', transportId: transport }, next, `it was bound to it while the server before it was ${ends}`);
    }
  }, { needs: ['partitions', 'transports', 'binding', 'virtual-time', 'slow-commit'] }),

  check('DLK-2', 'the last bind of a transport decides, whatever becomes of the server of one before it', 'two binds of a transport that are under way while a server changes', async (t) => {
    const again: readonly Operation[] = [{ op: 'unregisterServer', id: 's' }, { op: 'registerServer', id: 's', endpoint: 'e4' }];
    const downs: readonly Operation[] = t.offers('liveness') ? [{ op: 'down', endpoint: 'dies1' }, { op: 'registerServer', id: 's', endpoint: 'e4' }] : [];
    const update: readonly Operation[] = t.offers('update') ? [{ op: 'updateServer', id: 's', config: {} }] : [];
    for (const meanwhile of [again, downs, update, [again[0]!]]) {
      for (const last of [{ op: 'bindTransportToServer', transportId: 't', serverId: 'r' }, { op: 'unbindTransport', transportId: 't' }] as const) {
        await t.open({ partitions: 2 });
        // Both servers in one partition, since a bind is a write of that of the transport, or of that of its server; and so is the transport that is unbound.
        const [[apart], [one, other, beside]] = (await idsApart(t, 3)) as [[string], [string, string, string]];
        const transport = last.op === 'unbindTransport' ? beside : apart;
        const ids = { t: transport, s: one, r: other };
        const rename = (operation: Operation): Operation => JSON.parse(JSON.stringify(operation, (key, value: unknown) => (/^id$|Id$/.test(key) ? ids[value as keyof typeof ids] : value))) as Operation;
        await t.setup(...([{ op: 'registerServer', id: 's', endpoint: 'dies1' }, { op: 'registerServer', id: 'r', endpoint: 'e2' }, { op: 'registerTransport', id: 't', endpoint: 'e3' }] satisfies Operation[]).map(rename));
        await t.rig.slowCommit(20);
        const first = t.rig.start(rename({ op: 'bindTransportToServer', transportId: 't', serverId: 's' }));
        await t.rig.clock.advance(1);
        await t.rig.slowCommit(0);
        const between: Call[] = [];
        for (const operation of meanwhile.map(rename)) {
          if (operation.op === 'down') await t.setup(operation);
          else between.push(t.rig.start(operation));
        }
        await t.settled(between, 1);
        await t.rig.slowCommit(5);
        const second = t.rig.start(rename(last));
        t.occurred(t.underWay([first, second], 2));
        for (let ms = 0; ms < 100 && [first, ...between, second].some(({ settled }) => settled === undefined); ms += 5) {
          await t.rig.clock.advance(5);
          await t.settled([first, ...between, second], 1);
        }
        await t.rig.slowCommit(0);
        const isBound = (await t.finish(first, 'a bind')).kind === 'done';
        for (const call of between) await t.finish(call, 'a write');
        // What is refused, and does something all the same, is another matter.
        if (!isBound) continue;
        if ((await t.finish(second, 'a write')).kind !== 'done') continue;
        const shown = meanwhile.length === 0 ? '' : ` while ${meanwhile.map(showOperation).join(', then ')}`;
        await t.gives(rename({ op: 'getServerForTransport', transportId: 't' }), last.op === 'unbindTransport' ? undefined : ids.r, `it was bound to "s"${shown}, and ${showOperation(last)} was called later`);
      }
    }
  }, { needs: ['partitions', 'transports', 'binding'] }),
];
