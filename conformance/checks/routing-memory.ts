import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Operation } from '../../model/index.js';
import { defaultThresholds, detectionMs } from '../../spec/index.js';
import { Violation } from '../engine/findings.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * Routing remembers nothing: not who has failed, nor how many, nor what is to be cleared away later of bindings that have ended.
 */

const server = (id: string, endpoint: string): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint: string, serverId?: string): Operation => ({ op: 'registerTransport', id, endpoint, ...(serverId !== undefined && { config: { serverId } }) });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** What recipients do, one after the other in the order in which they are bound. */
type Manner = 'throws' | 'rejects' | 'quiet';

/** Any number of failures, in a row or not, at the beginning, in the middle and at the end. */
function patterns(seed: number): Manner[][] {
  const row = (manner: Manner, length: number): Manner[] => Array.from({ length }, () => manner);
  const rows = ([33, 16, 10, 8, 7, 1, 2, 5, 4, 3] as const).flatMap((length) => (['throws', 'rejects'] as const).map((manner): Manner[] => [...row(manner, length), 'quiet', 'quiet']));
  const mixed = fc.array(fc.constantFrom<Manner>('throws', 'rejects', 'quiet'), { minLength: 2, maxLength: 20 });
  return [...fc.sample(mixed, { seed, numRuns: 20 }), ...rows];
}

/** Broadcasts, and messages to each one, of which none may be lost, whatever the recipients do. */
async function allArrive(t: Trial, manners: readonly Manner[]): Promise<void> {
  await t.open();
  const recipients = manners.map((manner, i) => ({ id: `t${i}`, endpoint: `${manner}${i}` }));
  await t.setup(server('s', 'e1'));
  for (const { id, endpoint } of recipients) await t.setup(transport(id, endpoint), bind(id, 's'));
  const last = recipients.at(-1)!.id;
  const sent: readonly Operation[] = [
    { op: 'broadcast', serverId: 's', message: '1' },
    { op: 'broadcast', serverId: 's', message: '2' },
    ...recipients.slice(0, 4).map(({ id }): Operation => ({ op: 'routeToTransport', transportId: id, serverId: 's', message: `to ${id}` })),
    { op: 'routeToTransport', transportId: last, serverId: 's', message: '3' },
    { op: 'broadcast', serverId: 's', message: '4' },
  ];
  for (const operation of sent) {
    await t.succeeds(operation, 'what a recipient does is not for the sender');
    const expected = recipients.filter(({ id }) => operation.op === 'broadcast' || (operation.op === 'routeToTransport' && id === operation.transportId)).map(({ endpoint }) => endpoint);
    // That nothing comes twice is for others to say.
    const got = [...new Set((await t.arrivals(expected.length)).map(({ endpoint }) => endpoint))];
    t.check(isDeepStrictEqual([...got].sort(), [...expected].sort()), `${showOperation(operation)}: a message did not reach everybody it was for`, expected, got);
  }
}

/** How many there are in all: fewer where each call, or what comes of it, takes time of its own. */
const affordable = async (t: Trial): Promise<number> => (t.stalenessMs > 0 || (await t.areCallsSlow()) ? 10 : Infinity);

/** When no write is in flight, it is idle once the last sample has left its window; a little later, if it notices by a timer. */
async function idles(t: Trial, after: string): Promise<void> {
  await t.rig.perform({ op: 'advance', ms: defaultThresholds.windowMs + 2 * detectionMs + t.stalenessMs });
  t.check(t.rig.clock.timers === 0, `a registry that is idle has a timer running, ${after}`, 0, t.rig.clock.timers);
}

/** A name is taken, bound, moved, unbound, given up, with and without what is bound to it, and goes down: one step after the other. */
function life(t: Trial): Operation[] {
  const [liveness, routing, byConfig] = [t.offers('liveness'), t.offers('routing'), t.offers('configs')];
  const messages = (): Operation[] =>
    routing
      ? [
          { op: 'broadcast', serverId: 's', message: 'm' },
          { op: 'routeToTransport', transportId: 'a', serverId: 's', message: 'm' },
          { op: 'routeToServer', serverId: 's', transportId: 'a', message: 'm' },
          { op: 'routeToServer', serverId: 'none', transportId: 'a', message: 'm' },
        ]
      : [];
  const taken: Operation[] = [server('s', 'e1'), server('r', 'e3'), transport('a', 'e2'), transport('b', t.offers('send-failures') ? 'throws1' : 'e4'), bind('a', 's'), bind('b', 's')];
  return [
    ...taken,
    ...messages(),
    ...(t.offers('update') ? [{ op: 'updateServer', id: 's', config: {} } as const] : []),
    bind('a', 'r'),
    bind('a', 'r'),
    { op: 'unbindTransport', transportId: 'b' },
    { op: 'unbindTransport', transportId: 'b' },
    bind('a', 's'),
    bind('b', 's'),
    { op: 'unregisterServer', id: 's' },
    ...messages(),
    server('s', 'e1'),
    bind('a', 's'),
    bind('b', 's'),
    { op: 'unregisterTransport', id: 'a' },
    ...messages(),
    transport('a', 'e2', byConfig ? 's' : undefined),
    { op: 'unregisterTransport', id: 'a' },
    transport('a', 'e2', byConfig ? 'none' : undefined),
    bind('a', 's'),
    ...(liveness ? [{ op: 'down', endpoint: 'e2' } as const, ...messages(), transport('a', 'e5'), bind('a', 's'), { op: 'down', endpoint: 'e1' } as const, ...messages(), server('s', 'e6'), bind('b', 's')] : []),
    ...(t.offers('override') ? (['closed', 'open', 'auto'] as const).map((mode): Operation => ({ op: 'setAdmission', mode })) : []),
    ...(t.offers('stats') ? [{ op: 'resetStats' } as const] : []),
    { op: 'unregisterServer', id: 'r' },
    ...(t.offers('close') ? [{ op: 'close' } as const] : []),
  ];
}

export const routingMemoryChecks = [
  check('RTE-6', 'however many fail in a broadcast, and wherever they stand, it reaches everybody, and so does the next', 'a message delivered to everybody, some of whom fail', async (t) => {
    for (const manners of patterns(t.seed).slice(-(await affordable(t)))) {
      try {
        await allArrive(t, manners);
      } catch (error) {
        // What is lost although nobody fails is lost for another reason.
        if (error instanceof Violation) await t.given(allArrive(t, manners.map((): Manner => 'quiet')));
        throw error;
      }
      t.occurred(manners.some((manner) => manner !== 'quiet'));
    }
  }, { needs: ['binding'] }),

  check('CTN-8', 'no timer is left when a name, or what is bound to it, has come to its end', 'a binding that was there, and had ended', async (t) => {
    let isBound = false;
    for (const operation of life(t)) {
      await t.rig.perform(operation);
      await idles(t, `after ${showOperation(operation)}`);
      const found = await t.rig.perform({ op: 'getServerForTransport', transportId: 'a' });
      t.occurred(isBound && found.kind === 'done' && found.value === undefined);
      isBound = found.kind === 'done' && found.value !== undefined;
    }
  }, { needs: ['transports', 'binding'] }),
  check('CTN-8', 'nor when many have, in any order', 'many bindings that were there, and had ended', async (t) => {
    const steps = life(t).filter(({ op }) => op !== 'close' && op !== 'setAdmission');
    for (const program of fc.sample(fc.array(fc.constantFrom(...steps), { minLength: 10, maxLength: 30 }), { seed: t.seed, numRuns: t.stalenessMs > 0 ? 2 : 8 })) {
      await t.open();
      await t.setup(server('s', 'e1'));
      const ids = Array.from({ length: 12 }, (_, i) => `t${i}`);
      for (const id of ids) await t.setup(transport(id, `e ${id}`), bind(id, 's'));
      await t.given(t.gives({ op: 'getServerForTransport', transportId: 't5' }, 's', 'it was bound'));
      // Whatever each comes to by now: some of these are refused.
      for (const operation of program) await t.rig.perform(operation);
      await idles(t, 'after many calls');
      await t.rig.perform({ op: 'unregisterServer', id: 's' });
      t.occurred();
      await idles(t, 'after a server was unregistered to which many are bound');
      for (const transportId of ids) await t.rig.perform({ op: 'unregisterTransport', id: transportId });
      await idles(t, 'after many transports were unregistered');
    }
  }, { needs: ['transports', 'binding'] }),
];
