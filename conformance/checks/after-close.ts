import fc from 'fast-check';
import type { Operation } from '../../model/index.js';
import { showAnswer } from '../engine/answer.js';
import { Violation } from '../engine/findings.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * A closed registry stays closed: nothing that is asked of it afterwards, in whichever order, makes it take a name or show one again.
 */

const server = (id: string, endpoint: string): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint: string, serverId?: string): Operation => ({ op: 'registerTransport', id, endpoint, ...(serverId !== undefined && { config: { serverId } }) });

/** What there is before the close: `s` and `a`, bound to each other where that is offered, and `alone`. */
function scene(t: Trial): Operation[] {
  if (!t.offers('transports')) return [server('s', 'e1'), server('alone', 'e3')];
  return [server('s', 'e1'), server('alone', 'e3'), transport('a', 'e2'), transport('alone', 'e4'), ...(t.offers('binding') ? [{ op: 'bindTransportToServer', transportId: 'a', serverId: 's' } as const] : [])];
}

/** To everybody there was, and to one who was not. */
const messages = (t: Trial): Operation[] => [
  { op: 'routeToServer', serverId: 's', transportId: 'a', message: 'to s' },
  { op: 'routeToTransport', transportId: 'a', serverId: 's', message: 'to a' },
  { op: 'routeToTransport', transportId: 'new', serverId: 's', message: 'to new' },
  ...(t.offers('binding') ? [{ op: 'broadcast', serverId: 's', message: 'to all' } as const] : []),
];

const modes = ['auto', 'open', 'closed'] as const;

/** Whatever can be asked, of names that were there and of one that was not, but to register. What is answered is of no account. */
function everything(t: Trial): Operation[] {
  const all: Operation[] = [{ op: 'close' }, { op: 'findServer', id: 's' }];
  if (t.offers('override')) all.push(...modes.map((mode): Operation => ({ op: 'setAdmission', mode })));
  if (t.offers('stats')) all.push({ op: 'resetStats' }, { op: 'getPartitionStats' });
  if (t.offers('contention')) all.push({ op: 'getContentionStatus' });
  if (t.offers('liveness')) all.push({ op: 'down', endpoint: 'e1' }, { op: 'down', endpoint: 'e2' });
  if (t.offers('virtual-time')) all.push({ op: 'advance', ms: 2_000 });
  if (t.offers('lists')) all.push({ op: 'listServers' });
  if (t.offers('lists') && t.offers('transports')) all.push({ op: 'listTransports' });
  for (const id of ['s', 'new']) {
    all.push({ op: 'unregisterServer', id });
    if (t.offers('update')) all.push({ op: 'updateServer', id, config: {} });
  }
  if (!t.offers('transports')) return all;
  for (const id of ['a', 'new']) {
    all.push({ op: 'findTransport', id }, { op: 'unregisterTransport', id });
    if (t.offers('binding')) all.push({ op: 'bindTransportToServer', transportId: id, serverId: 's' }, { op: 'unbindTransport', transportId: id }, { op: 'getServerForTransport', transportId: id });
    if (t.offers('routing')) all.push({ op: 'routeToTransport', transportId: id, serverId: 's', message: 'm' });
  }
  if (t.offers('routing')) all.push({ op: 'routeToServer', serverId: 's', transportId: 'a', message: 'm' });
  if (t.offers('routing') && t.offers('binding')) all.push({ op: 'broadcast', serverId: 's', message: 'm' });
  return all;
}

/** Registrations of all kinds: of names that were there, and of one that was not. */
const registrations = (t: Trial): Operation[] => [
  ...['new', 's'].map((id) => server(id, 'e8')),
  ...(t.offers('transports') ? ['new', 'a'].map((id) => transport(id, 'e8')) : []),
  ...(t.offers('transports') && t.offers('binding') && t.offers('configs') ? [transport('new', 'e8', 's')] : []),
];

/** None of them is taken, and nothing of them, nor of what was there, is found. */
async function staysClosed(t: Trial, after: string): Promise<void> {
  for (const operation of registrations(t)) {
    const answer = await t.rig.perform(operation);
    t.check(answer.kind !== 'done', `${showOperation(operation)}: a closed registry accepted a registration ${after}`, 'refused: registry_closed', showAnswer(answer));
  }
  await handsOverNothing(t, after);
  for (const id of ['new', 's', 'a']) {
    const reads: Operation[] = [{ op: 'findServer', id }];
    if (t.offers('transports')) reads.push({ op: 'findTransport', id });
    if (t.offers('transports') && t.offers('binding')) reads.push({ op: 'getServerForTransport', transportId: id });
    for (const read of reads) await showsNothing(t, read, after);
  }
  if (!t.offers('lists')) return;
  await showsNothing(t, { op: 'listServers' }, after);
  if (t.offers('transports')) await showsNothing(t, { op: 'listTransports' }, after);
}

async function handsOverNothing(t: Trial, after: string): Promise<void> {
  if (!t.offers('transports') || !t.offers('routing')) return;
  for (const operation of messages(t)) await t.rig.perform(operation);
  const got = await t.arrivals(0);
  t.check(got.length === 0, `a closed registry hands over messages ${after}`, 'nothing', got.map(({ endpoint, message }) => `${String(message)} at ${endpoint}`).join(', '));
}

const showsNothing = (t: Trial, read: Operation, after: string): Promise<void> =>
  t.eventually(async () => {
    const answer = await t.rig.perform(read);
    const nothing = answer.kind === 'done' && (answer.value === undefined || (Array.isArray(answer.value) && answer.value.length === 0));
    t.check(nothing || (answer.kind === 'refused' && answer.code === 'registry_closed'), `${showOperation(read)}: a closed registry shows something ${after}`, 'nothing, or refused: registry_closed', showAnswer(answer));
  });

/** Closes a registry, in which this had been done before, and asks all this of it. */
async function closedThen(t: Trial, before: readonly Operation[], then: readonly Operation[]): Promise<void> {
  await t.open();
  await t.setup(...scene(t), ...before);
  await t.given(t.holds('s', 'e1', 'it was registered'));
  // Whoever remembers whom it has reached has to forget it.
  if (t.offers('transports') && t.offers('routing')) {
    for (const operation of messages(t)) await t.rig.perform(operation);
    await t.arrivals(t.offers('binding') ? 3 : 2);
  }
  await t.setup({ op: 'close' });
  // That it is closed at all is for others to say.
  await t.refused(server('new', 'e8'));
  for (const operation of then) {
    const answer = await t.rig.perform(operation);
    // A refusal conforms, and so does whatever has nothing to do; but not a registration.
    if (answer.kind === 'done' && (operation.op === 'registerServer' || operation.op === 'registerTransport')) throw new Violation(`${showOperation(operation)}: a closed registry accepted a registration among other calls`, 'refused: registry_closed', 'done');
  }
  await staysClosed(t, then.length === 0 ? 'as soon as it was closed' : `after ${then.map(showOperation).join(', ')}`);
}

export const afterCloseChecks = [
  check('CLS-1', 'it hands over nothing either, not even to whom it has just reached', 'messages delivered right before the registry was closed', async (t) => {
    await t.setup(...scene(t));
    await t.given(t.holds('s', 'e1', 'it was registered'));
    for (const operation of messages(t)) await t.rig.perform(operation);
    t.occurred((await t.arrivals(t.offers('binding') ? 3 : 2)).length > 0);
    await t.setup({ op: 'close' });
    await handsOverNothing(t, 'as soon as it was closed');
  }, { needs: ['transports', 'routing'] }),
  check('CLS-1', 'whatever is asked of a closed registry, it takes no name and shows none', 'a call to a registry that had refused a registration because it was closed', async (t) => {
    await t.given(closedThen(t, [], []));
    for (const operation of everything(t)) {
      await closedThen(t, [], [operation]);
      t.occurred();
    }
  }),
  check('CLS-1', 'nor in whichever order it is asked, registrations among it, and however admission was set before', 'several calls to a registry that had refused a registration because it was closed', async (t) => {
    await t.given(closedThen(t, [], []));
    const asked = fc.array(fc.constantFrom(...everything(t), ...registrations(t)), { minLength: 2, maxLength: 8 });
    const befores: (readonly Operation[])[] = [[], ...(t.offers('override') ? modes.map((mode): Operation[] => [{ op: 'setAdmission', mode }]) : [])];
    for (const [i, then] of fc.sample(asked, { seed: t.seed, numRuns: 24 }).entries()) {
      const before = befores[i % befores.length]!;
      await t.given(closedThen(t, before, []));
      await closedThen(t, before, then);
      t.occurred();
    }
    if (!t.offers('override')) return;
    // Admission in every order, since it says something about registrations as well.
    for (const one of modes) {
      for (const other of modes) {
        await closedThen(t, [{ op: 'setAdmission', mode: one }], [{ op: 'setAdmission', mode: other }, { op: 'close' }, { op: 'setAdmission', mode: one }]);
        t.occurred();
      }
    }
  }),
];
