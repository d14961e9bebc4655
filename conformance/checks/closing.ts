import { getEventListeners } from 'node:events';
import type { Operation } from '../../model/index.js';
import { broadcast, type Registry } from '../../spec/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { listened } from './progress.js';

/*
 * Closing, and letting go: whatever was there, and whatever is asked afterwards.
 */

const server = (id: string, endpoint = 'e1'): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint = 'e2'): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** Two servers and two transports, one bound and one not, at endpoints e1 to e4; what was looked up before the close. */
async function furnished(t: Trial): Promise<{ s: string; a: string; alone: string; none: string }> {
  const [s, second, a, alone, none] = t.ids(5) as [string, string, string, string, string];
  await t.setup(server(s), server(second, 'e3'));
  if (t.offers('transports')) await t.setup(transport(a), transport(alone, 'e4'));
  if (t.offers('transports') && t.offers('binding')) await t.setup(bind(a, s));
  // A cache that has been filled must be emptied as well.
  for (const read of reads(t, s, a)) await t.rig.perform(read);
  await t.given(t.holds(s, 'e1', 'it was registered'));
  return { s, a, alone, none };
}

function reads(t: Trial, s: string, a: string): Operation[] {
  const all: Operation[] = [{ op: 'findServer', id: s }];
  if (t.offers('lists')) all.push({ op: 'listServers' });
  if (!t.offers('transports')) return all;
  all.push({ op: 'findTransport', id: a });
  if (t.offers('lists')) all.push({ op: 'listTransports' });
  if (t.offers('binding')) all.push({ op: 'getServerForTransport', transportId: a });
  return all;
}

/** One call of every kind that may be under way. To one whose reads lag behind nothing is routed before it has caught up, which is after the close. */
function underWay(t: Trial, { s, a, alone, none }: { readonly s: string; readonly a: string; readonly alone: string; readonly none: string }): Operation[] {
  const all: Operation[] = [server(none, 'e8'), server(s, 'e8')];
  if (t.offers('update')) all.push({ op: 'updateServer', id: s, config: {} });
  if (t.offers('transports')) all.push(transport(none, 'e8'), transport(a, 'e8'));
  if (t.offers('transports') && t.offers('binding')) all.push(bind(alone, s), { op: 'unbindTransport', transportId: a });
  const routes = t.offers('transports') && t.offers('routing') && t.stalenessMs === 0;
  if (routes) all.push({ op: 'routeToServer', serverId: s, transportId: a, message: 'm' }, { op: 'routeToTransport', transportId: a, serverId: s, message: 'm' });
  if (routes && t.offers('binding')) all.push({ op: 'broadcast', serverId: s, message: 'm' });
  all.push(...reads(t, s, a), { op: 'unregisterServer', id: s });
  if (t.offers('transports')) all.push({ op: 'unregisterTransport', id: a });
  return all;
}

async function inShape(t: Trial, operation: Operation, answer: Answer): Promise<void> {
  t.check(answer.kind !== 'broken', `${showOperation(operation)}: the answer has the wrong shape`, 'a value of the interface, or an error with a specified code', showAnswer(answer));
}

async function findsNothing(t: Trial, s: string, a: string): Promise<void> {
  for (const read of reads(t, s, a)) {
    await t.eventually(async () => {
      const answer = await t.rig.perform(read);
      const nothing = answer.kind === 'done' && (answer.value === undefined || (Array.isArray(answer.value) && answer.value.length === 0));
      t.check(nothing || (answer.kind === 'refused' && answer.code === 'registry_closed'), 'a closed registry still shows something', 'nothing, or refused: registry_closed', showAnswer(answer));
    });
  }
}

const listeners = (t: Trial, endpoint: string): number => getEventListeners(t.rig.endpoint(endpoint).signal, 'abort').length;

export const closingChecks = [
  check('ERR-1', 'a closed registry answers in the shape of the interface as well', 'an operation that a registry refuses because it is closed', async (t) => {
    const { s, a, none } = await furnished(t);
    await t.setup({ op: 'close' });
    const e = t.rig.endpoint('e1');
    const calls: readonly (readonly [keyof Registry, ...unknown[]])[] = [
      ['registerServer', none, e],
      ['registerTransport', none, e],
      ['unregisterServer', s],
      ['unregisterTransport', a],
      ['updateServer', s, {}],
      ['findServer', s],
      ['findTransport', a],
      ['listServers'],
      ['listTransports'],
      ['bindTransportToServer', a, s],
      ['unbindTransport', a],
      ['getServerForTransport', a],
      ['routeToServer', s, a, 'm'],
      ['routeToTransport', a, s, 'm'],
      ['routeToTransport', broadcast, s, 'm'],
      ['getPartitionStats'],
      ['getContentionStatus'],
      ['resetStats'],
      ['setAdmission', 'auto'],
    ];
    for (const [operation, ...args] of calls) {
      if (typeof t.rig.subject[operation] !== 'function' || (args[0] === broadcast && !t.offers('binding'))) continue;
      const answer = await t.rig.call(operation, ...args);
      // How many partitions a closed registry has is not said: a list of none will do.
      const odd = answer.kind === 'broken' && !(operation === 'getPartitionStats' || operation === 'getContentionStatus');
      t.check(!odd, 'an answer of a closed registry has the wrong shape', 'a value of the interface, or an error with a specified code', showAnswer(answer));
      t.occurred(answer.kind === 'refused');
    }
  }, { needs: ['close'] }),

  check('ERR-1', 'so does one that is being closed, of whatever was under way', 'a call that is under way when the registry is closed', async (t) => {
    // At once, and amid a commit that takes its time; of one that is in line behind it, too.
    for (const ms of t.offers('slow-commit') ? [0, 50] : [0]) {
      for (const partitions of t.offers('partitions') ? [undefined, 1] : [undefined]) {
        await t.open(partitions === undefined ? {} : { partitions });
        const { s, a, alone, none } = await furnished(t);
        for (const read of reads(t, s, a)) await t.given(inShape(t, read, await t.rig.perform(read)));
        if (ms > 0) await t.rig.slowCommit(ms);
        const calls = underWay(t, { s, a, alone, none }).map((operation) => ({ operation, call: t.rig.start(operation) }));
        t.occurred(t.underWay(calls.map(({ call }) => call)));
        const close = t.rig.start({ op: 'close' });
        if (t.offers('virtual-time')) await t.rig.perform({ op: 'advance', ms: 10_000 });
        for (const { operation, call } of calls) {
          await inShape(t, operation, await t.finish(call, showOperation(operation)));
        }
        await t.finish(close, 'close');
      }
    }
  }, { needs: ['close'] }),

  check('CLS-1', 'it refuses every registration, whatever was there before, and shows nothing of it', 'a name that was found before the registry was closed', async (t) => {
    const { s, a, none } = await furnished(t);
    t.occurred();
    await t.setup({ op: 'close' });
    const registrations: Operation[] = [server(none, 'e8'), server(s), server(s, 'e8')];
    if (t.offers('transports')) registrations.push(transport(none, 'e8'), transport(a), transport(a, 'e8'));
    if (t.offers('transports') && t.offers('binding') && t.offers('configs')) registrations.push({ op: 'registerTransport', id: none, endpoint: 'e8', config: { serverId: s } });
    for (const registration of registrations) {
      const answer = await t.rig.perform(registration);
      t.check(answer.kind !== 'done', 'a closed registry accepted a registration', 'refused: registry_closed', 'done');
      await findsNothing(t, s, a);
      await findsNothing(t, none, none);
    }
  }),
  check('CLS-1', 'what was being written when it was closed is not found either', 'a write that is under way when the registry is closed', async (t) => {
    // At once, and with a commit that takes its time: what is refused by the close may still be on its way.
    for (const ms of t.offers('slow-commit') ? [0, 50] : [0]) {
      await t.open();
      const { s, a, none } = await furnished(t);
      if (ms > 0) await t.rig.slowCommit(ms);
      const calls = [server(none, 'e8'), ...(t.offers('update') ? [{ op: 'updateServer', id: s, config: {} } as const] : []), ...(t.offers('transports') ? [transport(none, 'e8')] : [])].map((operation) => t.rig.start(operation));
      t.occurred(t.underWay(calls));
      const close = t.rig.start({ op: 'close' });
      // Whoever is told that it is closed may rely on it, although the first to close it has not been told yet.
      const again = t.rig.start({ op: 'close' });
      await t.settled([again], 1);
      if (again.settled?.kind === 'done') await findsNothing(t, s, a);
      if (t.offers('virtual-time')) await t.rig.perform({ op: 'advance', ms: 10_000 });
      for (const call of [...calls, close, again]) await t.finish(call, 'a call that was made before the close, or the close');
      await findsNothing(t, none, none);
      await findsNothing(t, s, a);
    }
  }),
  check('CLS-2', 'closing again succeeds, and again, with names and without', 'a registry closed again that takes no names any more', async (t) => {
    await furnished(t);
    for (let i = 0; i < 3; i++) await t.succeeds({ op: 'close' }, 'closing is idempotent');
    t.occurred((await t.rig.perform(server(t.id()))).kind === 'refused');
    await t.open();
    await t.setup(server('a'), { op: 'unregisterServer', id: 'a' });
    for (let i = 0; i < 3; i++) await t.succeeds({ op: 'close' }, 'closing is idempotent');
  }),
  check('CLS-2', 'also while the first is under way', 'a registry closed while another call to close it is open', async (t) => {
    await furnished(t);
    const calls = [1, 2].map(() => t.rig.start({ op: 'close' }));
    const isOpen = t.underWay(calls);
    if (calls.every(({ isPrompt }) => isPrompt)) t.ruledOut('a close is answered before it returns');
    if (t.offers('virtual-time')) await t.rig.perform({ op: 'advance', ms: 10_000 });
    for (const call of calls) t.accepted(await t.finish(call, 'close'), 'close()', 'closing is idempotent');
    t.occurred(isOpen && (await t.rig.perform(server(t.id()))).kind === 'refused');
  }),

  check('CLS-3', 'a closed registry has no listener left, whatever its endpoints held and did', 'endpoints that were listened to before the registry was closed', async (t) => {
    const { s, a, none } = await furnished(t);
    const more: Operation[] = [server(none, 'e5')];
    if (t.offers('transports')) more.push(transport(none, 'e1'), transport(`${none}+`, 'e5'));
    if (t.offers('transports') && t.offers('binding')) more.push(bind(none, s), bind(a, none), bind(a, s), { op: 'unbindTransport', transportId: a });
    await t.setup(...more);
    await t.refused(server(s, 'e6'));
    listened(t, ['e1', 'e2', 'e3', 'e4', 'e5']);
    await t.setup({ op: 'close' });
    await t.rig.perform(server(none, 'e7'));
    if (t.offers('transports')) await t.rig.perform(transport(none, 'e7'));
    for (const endpoint of ['e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7']) t.check(listeners(t, endpoint) === 0, `a listener was left on the signal of ${endpoint}`, 0, listeners(t, endpoint));
  }),
  check('CLS-3', 'nor when a write was under way', 'a write that is under way when the registry is closed', async (t) => {
    const id = t.id();
    if (t.offers('slow-commit')) await t.rig.slowCommit(50);
    const call = t.rig.start(server(id, 'e8'));
    t.occurred(t.underWay([call]));
    const close = t.rig.start({ op: 'close' });
    if (t.offers('virtual-time')) await t.rig.perform({ op: 'advance', ms: 10_000 });
    for (const one of [call, close]) await t.finish(one, 'a call');
    t.check(listeners(t, 'e8') === 0, 'a listener was left on the signal of an endpoint that was being registered', 0, listeners(t, 'e8'));
  }),

  check('CLS-4', 'an endpoint that was refused, or gave up what it held, has no listener left, whatever happened to its names', 'an endpoint that was listened to while it held names', async (t) => {
    const { s, a, none } = await furnished(t);
    const refused: Operation[] = [server(s, 'e6')];
    const all: Operation[] = [server(none, 'e7')];
    if (t.offers('update') && t.offers('configs')) for (let i = 0; i < 3; i++) all.push({ op: 'updateServer', id: none, config: { i } });
    if (t.offers('transports')) {
      refused.push(transport(a, 'e6'));
      all.push(transport(none, 'e8'));
      if (t.offers('binding')) {
        for (let i = 0; i < 3; i++) all.push(bind(none, s), bind(none, none));
        all.push({ op: 'unbindTransport', transportId: none }, bind(none, none));
      }
    }
    for (const operation of refused) await t.refused(operation);
    const again = (): Operation[] => all.filter(({ op }) => op.startsWith('register'));
    await t.setup(...all);
    // Given up and taken again: what is forgotten once a round adds up.
    for (let round = 0; round < 3; round++) {
      listened(t, ['e7', 'e8']);
      const release: Operation[] = [{ op: 'unregisterServer', id: none }, ...(t.offers('transports') ? [{ op: 'unregisterTransport', id: none } as const] : [])];
      await t.setup(...release);
      for (const endpoint of ['e6', 'e7', 'e8']) t.check(listeners(t, endpoint) === 0, 'an endpoint without names has a listener left', 0, listeners(t, endpoint));
      await t.setup(...again());
    }
  }),
  check('CLS-4', 'listeners do not grow with what is done to a name', 'an endpoint that was listened to while things were done to its names', async (t) => {
    const { s, a, alone } = await furnished(t);
    const [one, bound] = [listeners(t, 'e3'), listeners(t, 'e1')];
    listened(t, ['e1', 'e3']);
    const steps: Operation[] = [];
    for (let i = 0; i < 10; i++) {
      if (t.offers('update') && t.offers('configs')) steps.push({ op: 'updateServer', id: s, config: { i } });
      if (t.offers('transports') && t.offers('binding')) steps.push(bind(alone, s), { op: 'unbindTransport', transportId: alone }, bind(a, s));
    }
    await t.setup(...steps);
    for (let i = 0; i < 5; i++) await t.refused(server(s, 'e1'));
    t.check(listeners(t, 'e1') <= Math.max(one, bound), 'an endpoint has more listeners than before, and holds what it held', Math.max(one, bound), listeners(t, 'e1'));
  }),
];
