import type { Operation } from '../../model/index.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * Endpoints that go down while a write is under way that has found them up, or their names registered.
 */

const server = (id: string, endpoint: string): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint: string): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** A write is under way while an endpoint goes down; gives what it was answered in the end, and whether it was still open then. */
async function downMeanwhile(t: Trial, write: Operation, endpoint: string): Promise<{ answer: Awaited<ReturnType<Trial['finish']>>; wasOpen: boolean }> {
  const call = await t.stall(write, 100);
  await t.setup({ op: 'advance', ms: 40 });
  const wasOpen = t.underWay([call]);
  await t.setup({ op: 'down', endpoint }, { op: 'advance', ms: 200 });
  return { answer: await t.finish(call, showOperation(write)), wasOpen };
}

const isGone = (t: Trial, id: string, why: string, op: 'findServer' | 'findTransport' = 'findServer'): Promise<void> => t.eventually(() => t.holds(id, undefined, why, op), t.goneMs);

export const downMeanwhileChecks = [
  check('REG-3', 'nor is one registered that goes down while its registration is under way, whatever it holds already', 'an endpoint that went down while its registration was under way', async (t) => {
    const held: readonly Operation[][] = [[], [server('held', 'e1')], ...(t.offers('transports') ? [[transport('held', 'e1')], [server('held', 'e1'), transport('held', 'e1')]] : [])];
    for (const [write, find] of [[server('s', 'e1'), 'findServer'], [transport('a', 'e1'), 'findTransport']] as const) {
      if (find === 'findTransport' && !t.offers('transports')) continue;
      for (const names of held) {
        await t.open();
        await t.setup(...names);
        // It may have been registered just before: then it has gone with its endpoint.
        const { wasOpen } = await downMeanwhile(t, write, 'e1');
        await isGone(t, find === 'findServer' ? 's' : 'a', 'its endpoint went down while its registration was under way', find);
        t.occurred(wasOpen);
      }
    }
  }, { needs: ['virtual-time', 'slow-commit'] }),

  check('DWN-1', 'also while another write of the name is under way, whatever that comes to', 'a name found held, whose endpoint went down while a write of it was under way', async (t) => {
    const writes: readonly Operation[] = [
      ...(t.offers('update') && t.offers('configs') ? [{ op: 'updateServer', id: 's', config: { v: 1 } } as const] : []),
      { op: 'unregisterServer', id: 's' },
      ...(t.offers('transports') ? [{ op: 'unregisterTransport', id: 'a' } as const] : []),
      ...(t.offers('transports') && t.offers('binding') ? [bind('a', 's'), bind('a', 'other'), { op: 'unbindTransport', transportId: 'a' } as const] : []),
    ];
    for (const write of writes) {
      await t.open();
      await t.setup(server('s', 'e1'), server('other', 'e2'));
      if (t.offers('transports')) await t.setup(transport('a', 'e1'));
      await t.given(t.holds('s', 'e1', 'it was registered'));
      const { wasOpen } = await downMeanwhile(t, write, 'e1');
      await isGone(t, 's', `its endpoint went down during ${showOperation(write)}`);
      if (t.offers('transports')) await isGone(t, 'a', `its endpoint went down during ${showOperation(write)}`, 'findTransport');
      t.occurred(wasOpen);
    }
  }, { needs: ['virtual-time', 'slow-commit'] }),

  check('DWN-4', 'whoever is refused a name, or goes down before it is told, takes nothing from who holds it', 'an endpoint that went down after it was refused a name, or while it was', async (t) => {
    const kinds = [
      { register: server, find: 'findServer' },
      ...(t.offers('transports') ? [{ register: transport, find: 'findTransport' } as const] : []),
    ] as const;
    for (const { register, find } of kinds) {
      // Two ask at once; the one who is refused goes down later.
      await t.open();
      await t.rig.slowCommit(50);
      const both = [t.rig.start(register('x', 'e2')), t.rig.start(register('x', 'e1'))];
      t.underWay(both);
      await t.setup({ op: 'advance', ms: 200 });
      await t.rig.slowCommit(0);
      const [won, lost] = [await t.finish(both[0]!, 'a registration'), await t.finish(both[1]!, 'a registration')];
      if (won.kind === 'done' && lost.kind === 'refused') {
        await t.setup({ op: 'down', endpoint: 'e1' });
        t.occurred();
        await t.holds('x', 'e2', 'an endpoint that was refused the name went down', find);
      }
      // It goes down while its registration is in line, for a name that another holds.
      await t.open({ partitions: 1 });
      await t.setup(register('x', 'e2'));
      const before = await t.stall(register('y', 'e3'), 100);
      const { wasOpen } = await downMeanwhile(t, register('x', 'e1'), 'e1');
      t.occurred(wasOpen);
      await t.finish(before, 'a registration');
      await t.holds('x', 'e2', 'an endpoint that asked for the name went down before it was refused', find);
      // It is refused because admission is closed meanwhile, and another gets the name.
      if (!t.offers('override')) continue;
      await t.open();
      const call = await t.stall(register('x', 'e1'), 100);
      await t.setup({ op: 'advance', ms: 40 }, { op: 'setAdmission', mode: 'closed' }, { op: 'advance', ms: 200 });
      const refused = (await t.finish(call, 'a registration')).kind === 'refused';
      await t.setup({ op: 'setAdmission', mode: 'open' });
      if (!refused) continue;
      await t.setup(register('x', 'e2'), { op: 'down', endpoint: 'e1' });
      t.occurred();
      await t.holds('x', 'e2', 'an endpoint that was refused the name, because admission was closed meanwhile, went down', find);
    }
  }, { needs: ['virtual-time', 'slow-commit'], consistency: 'linearizable' }),

  check('INC-1', 'a "down" while another registers the name ends it before, and not after', 'a name registered again that was held by an endpoint that went down meanwhile', async (t) => {
    for (const [register, find] of [[server, 'findServer'], [transport, 'findTransport']] as const) {
      if (find === 'findTransport' && !t.offers('transports')) continue;
      for (const behind of [false, true]) {
        await t.open();
        await t.setup(register('x', 'e1'));
        await t.rig.slowCommit(50);
        // In line behind another write of its partition, or the first.
        const before = behind ? [t.rig.start({ op: 'unregisterServer', id: 'x of another' }), t.rig.start({ op: 'unregisterTransport', id: 'x' })].slice(0, find === 'findServer' && t.offers('transports') ? 2 : 1) : [];
        const call = t.rig.start(register('x', 'e2'));
        await t.setup({ op: 'advance', ms: 20 }, { op: 'down', endpoint: 'e1' }, { op: 'advance', ms: 300 });
        await t.rig.slowCommit(0);
        for (const one of before) await t.finish(one, 'an unregistration');
        if ((await t.finish(call, 'a registration')).kind !== 'done') await t.setup(register('x', 'e2'));
        t.occurred();
        await t.holds('x', 'e2', 'it was registered, and the endpoint that held it before went down meanwhile', find);
        await t.setup({ op: 'advance', ms: 2_000 });
        await t.holds('x', 'e2', 'it was registered, and the endpoint that held it before went down meanwhile', find);
      }
    }
  }, { needs: ['virtual-time', 'slow-commit'], consistency: 'linearizable' }),

  check('UNR-2', 'also when the name goes with its endpoint while it is being unregistered', 'a name found held, whose endpoint went down while it was being unregistered', async (t) => {
    for (const [register, unregister, find] of [[server('s', 'e1'), { op: 'unregisterServer', id: 's' }, 'findServer'], [transport('s', 'e1'), { op: 'unregisterTransport', id: 's' }, 'findTransport']] as const) {
      if (find === 'findTransport' && !t.offers('transports')) continue;
      await t.open();
      await t.setup(register);
      await t.given(t.holds('s', 'e1', 'it was registered', find));
      const { answer, wasOpen } = await downMeanwhile(t, unregister, 'e1');
      t.accepted(answer, unregister, 'that the name has gone is what was asked for');
      t.occurred(wasOpen);
    }
  }, { needs: ['liveness', 'virtual-time', 'slow-commit'] }),

  check('CON-3', 'a bind that is refused because its server goes down meanwhile leaves the transport bound as it was', 'a bind under way while the endpoint of its server went down', async (t) => {
    const bound = (to: string | undefined, why: string): Promise<void> => t.gives({ op: 'getServerForTransport', transportId: 'a' }, to, why);
    await t.setup(server('s', 'e1'), server('other', 'e2'), transport('a', 'e3'), bind('a', 'other'));
    // A bind moves a transport, and one that is refused does not, when nothing goes down.
    await t.given(bound('other', 'it was bound'));
    await t.setup(bind('a', 's'));
    await t.refused(bind('a', 'none'));
    await t.given(bound('s', 'it was bound'));
    const { answer, wasOpen } = await downMeanwhile(t, bind('a', 'other'), 'e2');
    // One that has succeeded has ended with its server, which is for others to say.
    if (answer.kind === 'refused') await t.eventually(() => bound('s', 'a bind was refused'), t.goneMs);
    t.occurred(wasOpen);
  }, { needs: ['transports', 'binding', 'liveness', 'virtual-time', 'slow-commit'] }),
];
