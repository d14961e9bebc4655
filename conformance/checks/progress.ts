import { getEventListeners } from 'node:events';
import type { Operation } from '../../model/index.js';
import { check, type Trial } from '../engine/trial.js';

/** The situation has come about if one of these endpoints is listened to. Some registries look whether a signal has aborted instead. */
export function listened(t: Trial, endpoints: readonly string[]): void {
  const isListenedTo = endpoints.some((name) => getEventListeners(t.rig.endpoint(name).signal, 'abort').length > 0);
  t.occurred(isListenedTo);
  t.ruledOut('the registry listens to no endpoint: it has nothing to let go of');
}

const server = (id: string): Operation => ({ op: 'registerServer', id, endpoint: 'e1' });

export const progressChecks = [
  check('DLK-2', 'writes to one name take effect in the order of their calls', 'writes to one name that are under way at the same time', async (t) => {
    const id = t.id();
    await t.rig.slowCommit(20);
    const calls = [
      t.rig.start(server(id)),
      t.rig.start({ op: 'registerServer', id, endpoint: 'e2' }),
      t.rig.start({ op: 'unregisterServer', id }),
      t.rig.start({ op: 'registerServer', id, endpoint: 'e3' }),
    ];
    t.occurred(await t.waiting(calls, 2));
    await t.rig.perform({ op: 'advance', ms: 200 });
    await t.rig.slowCommit(0);
    const answers = [];
    for (const call of calls) answers.push(await t.finish(call, 'a write'));
    const shown = answers.map((answer) => (answer.kind === 'refused' ? answer.code : answer.kind));
    t.check(JSON.stringify(shown) === JSON.stringify(['done', 'already_registered', 'done', 'done']), 'writes to one name overtook each other', ['done', 'already_registered', 'done', 'done'], shown);
    await t.holds(id, 'e3', 'the last of the writes was its registration');
  }),

  check('CLS-1', 'a closed registry refuses registrations and finds nothing', 'a name that was found before the registry was closed', async (t) => {
    const [held, other] = t.ids(2) as [string, string];
    await t.setup(server(held));
    await t.occurs(t.holds(held, 'e1', 'it was registered'));
    await t.setup({ op: 'close' });
    const answer = await t.rig.perform(server(other));
    t.check(answer.kind !== 'done', 'a closed registry accepted a registration', 'refused: registry_closed', 'done');
    const reads: Operation[] = [{ op: 'findServer', id: held }];
    if (t.offers('lists')) reads.push({ op: 'listServers' });
    if (t.offers('routing')) reads.push({ op: 'routeToServer', serverId: held, transportId: other, message: 'm' });
    for (const read of reads) {
      await t.eventually(async () => {
        const answer = await t.rig.perform(read);
        const nothing = answer.kind === 'done' && (answer.value === undefined || answer.value === 0 || (Array.isArray(answer.value) && answer.value.length === 0));
        t.check(nothing || (answer.kind === 'refused' && answer.code === 'registry_closed'), 'a closed registry still shows a name', 'nothing, or refused: registry_closed', answer);
      });
    }
  }),
  check('CLS-4', 'listeners do not grow with names, and go with the last', 'an endpoint that was listened to while it held names', async (t) => {
    const count = (): number => getEventListeners(t.rig.endpoint('e1').signal, 'abort').length;
    const ids = Array.from({ length: 50 }, (_, i) => `name-${i}`);
    await t.setup(server(ids[0]!));
    const one = count();
    for (const id of ids.slice(1)) await t.setup(server(id));
    t.check(count() <= one, 'an endpoint with many names has more listeners than one with one', one, count());
    listened(t, ['e1']);
    for (const id of ids) await t.setup({ op: 'unregisterServer', id });
    t.check(count() === 0, 'an endpoint without names has a listener left', 0, count());
  }),
];
