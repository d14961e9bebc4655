import { isDeepStrictEqual } from 'node:util';
import { getEventListeners } from 'node:events';
import type { Operation } from '../../model/index.js';
import { broadcast, type Registry } from '../../spec/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { Blocked } from '../engine/findings.js';
import { invalidIds } from '../engine/ids.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * Calls with arguments that the interface does not take. Most of them need not be refused; where one is, nothing has changed (REG-4).
 */

/** What is no configuration, or hardly one. */
const dubiousConfigs = (): unknown[] => {
  const cyclic: Record<string, unknown> = { v: 9 };
  cyclic['self'] = cyclic;
  return [
    null,
    7,
    'config',
    [],
    () => undefined,
    { v: 9, f: () => undefined },
    { v: 9, u: undefined },
    { v: 9, n: Number.NaN },
    { v: 9, b: 1n },
    { v: 9, deep: { list: [1, Symbol('s')] } },
    { v: 9, d: new Date(0) },
    { v: 9, m: new Map() },
    { v: 9, [Symbol('s')]: 1 },
    Object.defineProperty({ v: 9 }, 'x', { enumerable: true, get: raise }),
    new Proxy({ v: 9 }, { ownKeys: raise }),
    cyclic,
  ];
};

function raise(): never {
  throw new Error('not to be read');
}

/** Server `s` with transport `a`; `free` is free. */
const scene = (configs: boolean, transports: boolean, binding: boolean): Operation[] => [
  { op: 'registerServer', id: 's', endpoint: 'e1', ...(configs && { config: { v: 1, deep: { x: [1] } } }) },
  { op: 'registerServer', id: 'other', endpoint: 'e3' },
  ...(transports ? [{ op: 'registerTransport', id: 'a', endpoint: 'e2' } as const] : []),
  ...(transports && binding ? [{ op: 'bindTransportToServer', transportId: 'a', serverId: 's' } as const] : []),
];

async function setScene(t: Trial): Promise<readonly unknown[]> {
  await t.open();
  await t.setup(...scene(t.offers('configs'), t.offers('transports'), t.offers('binding')));
  t.rig.endpoint('e9');
  // What shows late must have shown.
  await t.given(t.holds('s', 'e1', 'it was registered'));
  await t.given(t.holds('other', 'e3', 'it was registered'));
  if (t.offers('transports')) await t.given(t.holds('a', 'e2', 'it was registered', 'findTransport'));
  if (t.offers('transports') && t.offers('binding')) await t.given(t.gives({ op: 'getServerForTransport', transportId: 'a' }, 's', 'it was bound'));
  await t.rig.caughtUp();
  const before = await everything(t);
  if (!isDeepStrictEqual(await everything(t), before)) throw new Blocked('two looks at the same registry had to show the same first');
  return before;
}

/** All that can be seen of names and bindings, and how often each endpoint is listened to. */
async function everything(t: Trial): Promise<readonly unknown[]> {
  const reads: Operation[] = ['s', 'other', 'a', 'free'].flatMap((id): Operation[] => [
    { op: 'findServer', id },
    ...(t.offers('transports') ? [{ op: 'findTransport', id } as const] : []),
    ...(t.offers('transports') && t.offers('binding') ? [{ op: 'getServerForTransport', transportId: id } as const] : []),
  ]);
  const seen: unknown[] = [];
  for (const operation of reads) seen.push([operation, read(await t.rig.peek(operation))]);
  if (t.offers('override')) seen.push(((read(await t.rig.peek({ op: 'getContentionStatus' })) ?? {}) as { mode?: unknown }).mode);
  if (t.offers('in-process')) for (const { name, signal } of t.rig.endpoints) seen.push([name, getEventListeners(signal, 'abort').length]);
  return seen;
}

const read = (answer: Answer): unknown => (answer.kind === 'done' ? answer.value : showAnswer(answer));

type DubiousCall = readonly [keyof Registry, readonly unknown[]];

function dubiousCalls(t: Trial): DubiousCall[] {
  const { signal } = t.rig.endpoint('e9');
  const up = t.rig.endpoint('e9');
  const noEndpoints = [undefined, null, {}, { signal }, { send: () => undefined }, { send: 'no', signal }, { send: () => undefined, signal: {} }, Object.defineProperty({ signal }, 'send', { get: raise })];
  const noIds = invalidIds.map(({ value }) => value);
  const inProcess = t.offers('in-process');
  const calls: DubiousCall[] = [
    ...noIds.flatMap((id): DubiousCall[] => [
      ['registerServer', [id, up]],
      ['registerTransport', [id, up]],
      ['unregisterServer', [id]],
      ['unregisterTransport', [id]],
      ['unbindTransport', [id]],
      ['bindTransportToServer', ['a', id]],
      ['bindTransportToServer', [id, 'other']],
      ['registerTransport', ['free', up, { serverId: id }]],
      ['registerTransport', ['a', up, { serverId: id }]],
      ['routeToServer', ['s', id, 'm']],
      ['routeToTransport', ['a', id, 'm']],
      ...(t.offers('binding') ? [['routeToTransport', [broadcast, id, 'm']] as const] : []),
    ]),
    ...(inProcess ? noEndpoints : []).flatMap((endpoint): DubiousCall[] => ['registerServer', 'registerTransport'].flatMap((operation) => ['free', 's', 'a'].map((id): DubiousCall => [operation as keyof Registry, [id, endpoint, { serverId: 'other' }]]))),
    ...(inProcess && t.offers('configs') ? dubiousConfigs() : []).flatMap((config): DubiousCall[] => [
      ['updateServer', ['s', config]],
      ['updateServer', ['free', config]],
      ...(['free', 's', 'a'] as const).flatMap((id): DubiousCall[] => [['registerServer', [id, up, config]], ['registerTransport', [id, up, config]]]),
    ]),
    ['updateServer', ['s']],
    ['setAdmission', ['shut']],
    ['setAdmission', []],
    ['getPartitionStats', [-1]],
    ['getPartitionStats', [1_000_000]],
    ['bindTransportToServer', [broadcast, 'other']],
    ['unregisterTransport', [broadcast]],
  ];
  return calls.filter(([operation, args]) => typeof t.rig.subject[operation] === 'function' && t.carries(operation, args));
}

export const anyCallChecks = [
  check('REG-4', 'whatever a call was given, if it is refused then nothing has changed', 'a call with arguments that are none, refused', async (t) => {
    let before = await setScene(t);
    for (const [operation, args] of dubiousCalls(t)) {
      const answer = await t.rig.call(operation, ...args);
      // What is let in is let in: a configuration that is no JSON data need not be refused.
      if (answer.kind !== 'refused') {
        before = await setScene(t);
        continue;
      }
      await t.eventually(async () => {
        const after = await everything(t);
        const at = after.findIndex((one, i) => !isDeepStrictEqual(one, before[i]));
        t.check(at < 0, `${operation} was refused (${answer.code}), and has changed something`, before[at], after[at]);
      });
      t.occurred();
      if (!t.offers('routing') || !t.offers('transports')) continue;
      const sent = await t.arrivals(0);
      t.check(sent.length === 0, `${operation} was refused (${answer.code}), and has delivered something`, 'no delivery', sent);
    }
  }),
];
