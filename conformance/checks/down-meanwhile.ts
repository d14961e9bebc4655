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
