import type { Operation } from '../../model/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { showOperation } from '../engine/show.js';
import { check, type Trial } from '../engine/trial.js';
import { invalidIds, lookAlikes } from '../engine/ids.js';
import { broadcast, type ErrorCode, type Registry } from '../../spec/index.js';

/** A call with one id in question. Where another that it is given is not registered, it may be refused for that as well. */
interface CallWith {
  readonly operation: keyof Registry;
  readonly args: readonly unknown[];
  readonly also?: ErrorCode;
}

/** Every operation that takes ids, with one in question in each position; `a` is registered in both namespaces, `nobody` in none. */
function callsWith(t: Trial, id: unknown): CallWith[] {
  const e = t.rig.endpoint('e1');
  const all: CallWith[] = [
    { operation: 'registerServer', args: [id, e] },
    { operation: 'unregisterServer', args: [id] },
    { operation: 'findServer', args: [id] },
    { operation: 'updateServer', args: [id, {}] },
    { operation: 'registerTransport', args: [id, e] },
    { operation: 'unregisterTransport', args: [id] },
    { operation: 'findTransport', args: [id] },
    { operation: 'unbindTransport', args: [id] },
    { operation: 'getServerForTransport', args: [id] },
    { operation: 'bindTransportToServer', args: [id, 'a'] },
    { operation: 'bindTransportToServer', args: ['a', id] },
    { operation: 'bindTransportToServer', args: [id, 'nobody'], also: 'server_not_found' },
    { operation: 'bindTransportToServer', args: ['nobody', id], also: 'transport_not_found' },
    { operation: 'routeToServer', args: [id, 'a', 'm'] },
    { operation: 'routeToServer', args: ['a', id, 'm'] },
    { operation: 'routeToServer', args: [id, 'nobody', 'm'], also: 'transport_not_found' },
    { operation: 'routeToServer', args: ['nobody', id, 'm'] },
    { operation: 'routeToTransport', args: [id, 'a', 'm'] },
    { operation: 'routeToTransport', args: ['a', id, 'm'] },
    { operation: 'routeToTransport', args: [id, 'nobody', 'm'], also: 'server_not_found' },
    { operation: 'routeToTransport', args: ['nobody', id, 'm'] },
    ...(t.offers('binding') ? [{ operation: 'routeToTransport', args: [broadcast, id, 'm'] } as const] : []),
  ];
  return all.filter(({ operation }) => typeof t.rig.subject[operation] === 'function');
}

/** The ids that values print as which are none. */
const printed = [...new Set(invalidIds.filter(({ value }) => typeof value !== 'string').map(({ value }) => String(value)))];

/** To give up a name that is not alike leaves this one: if it does not, likeness is not the reason. */
async function givesUpAnother(t: Trial, id: string): Promise<void> {
  const unlike = t.id();
  await t.setup({ op: 'registerServer', id: unlike, endpoint: 'e7' }, { op: 'unregisterServer', id: unlike });
  await t.given(t.holds(id, 'e1', 'another name was given up'));
}

export const namesChecks = [
  check('NAM-1', 'values that are no ids are refused by every operation that takes one', 'a value that is no id, given to an operation that takes one', async (t) => {
    const names = (id: string): Operation[] => [{ op: 'registerServer', id, endpoint: 'e2' }, ...(t.offers('transports') ? [{ op: 'registerTransport', id, endpoint: 'e3' } as const] : [])];
    await t.setup(...names('a'));
    // What prints like an id is none, nor when that id is known.
    await t.answers(...printed.filter((id) => id !== 'a').flatMap(names));
    let uncoded: readonly [Answer, keyof Registry, string] | undefined;
    for (const { what, value } of invalidIds) {
      for (const { operation, args, also } of callsWith(t, value)) {
        if (!t.carries(operation, args, what)) continue;
        const answer = await t.rig.call(operation, ...args);
        t.occurred();
        // An error without a code is a refusal of a kind: what is not refused comes first.
        if (answer.kind === 'broken') uncoded ??= [answer, operation, what];
        else t.rejected(answer, operation, ['invalid_argument', ...(also === undefined ? [] : [also])], `${what} is no id`);
      }
    }
    if (uncoded !== undefined) t.rejected(uncoded[0], uncoded[1], ['invalid_argument'], `${uncoded[2]} is no id`);
  }),

  check('NAM-2', 'nothing is registered under an id that merely looks built in, nor bound to it', 'a lookup of an id that looks built in, where lookups find what is registered', async (t) => {
    const [registered, plain] = t.ids(2) as [string, string];
    const lookups = (id: string): Operation[] => [
      { op: 'findServer', id },
      ...(t.offers('transports') ? [{ op: 'findTransport', id } as const] : []),
      ...(t.offers('transports') && t.offers('binding') ? [{ op: 'getServerForTransport', transportId: id } as const] : []),
    ];
    const nothing = (operation: Operation, why: string): Promise<void> =>
      t.eventually(async () => {
        const answer = await t.rig.perform(operation);
        t.check(answer.kind === 'done' && answer.value === undefined, `${showOperation(operation)}: ${why}`, 'nothing', showAnswer(answer, 'nothing'));
      });
    await t.setup({ op: 'registerServer', id: registered, endpoint: 'e1' });
    for (const operation of lookups(plain)) await t.given(nothing(operation, 'nothing has been registered under it'));
    for (const id of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'size', 'length']) {
      for (const operation of lookups(id)) await nothing(operation, 'nothing has been registered under it');
      await t.occurs(t.holds(registered, 'e1', 'it was registered'));
    }
  }),

  check('NAM-3', 'ids that differ in any code unit are different names', 'two ids that look alike, both found held', async (t) => {
    for (const [one, other, mistake] of lookAlikes) {
      await t.open();
      await t.setup({ op: 'registerServer', id: one, endpoint: 'e1' });
      await t.holds(other, undefined, `${mistake} must not make two ids one`);
      await t.succeeds({ op: 'registerServer', id: other, endpoint: 'e2' }, `${mistake} must not make two ids one`);
      await t.holds(one, 'e1', `${mistake} must not make two ids one`);
      await t.occurs(t.holds(other, 'e2', 'it was registered'));
      await givesUpAnother(t, one);
      await t.setup({ op: 'unregisterServer', id: other });
      await t.holds(one, 'e1', `${mistake} must not make two ids one`);
      await t.setup({ op: 'unregisterServer', id: one });
    }
  }),

  check('NAM-4', 'a server and a transport of the same id do not touch each other', 'a server and a transport of one id, both found held', async (t) => {
    for (const id of t.ids(8)) {
      await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
      await t.holds(id, undefined, 'only a server has this id', 'findTransport');
      await t.succeeds({ op: 'registerTransport', id, endpoint: 'e2' }, 'only a server has this id');
      await t.given(t.holds(id, 'e2', 'it was registered', 'findTransport'));
      await t.holds(id, 'e1', 'a transport of the same id was registered');
      t.occurred();
      await t.setup({ op: 'unregisterServer', id });
      await t.holds(id, 'e2', 'the server of the same id was unregistered', 'findTransport');
      await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
      await givesUpAnother(t, id);
      await t.setup({ op: 'unregisterTransport', id });
      await t.holds(id, 'e1', 'the transport of the same id was unregistered');
    }
  }),
  check('NAM-4', 'nor do their bindings', 'bindings of a server and of a transport of one id, both found', async (t) => {
    const bound = (transportId: string, to: string, why: string): Promise<void> => t.gives({ op: 'getServerForTransport', transportId }, to, why);
    for (const [id, other] of [t.ids(2), t.ids(2)] as [string, string][]) {
      // The server is somebody's server, and the transport of the same id somebody else's transport.
      const scene: Operation[] = [
        { op: 'registerServer', id, endpoint: 'e1' },
        { op: 'registerTransport', id: other, endpoint: 'e2' },
        { op: 'bindTransportToServer', transportId: other, serverId: id },
        { op: 'registerServer', id: other, endpoint: 'e3' },
        { op: 'registerTransport', id, endpoint: 'e4' },
        { op: 'bindTransportToServer', transportId: id, serverId: other },
      ];
      const unlike = t.id();
      const [both, one] = ['both were bound', 'the other name of the same id was given up, or bound anew'];
      await t.setup(...scene);
      await t.given(bound(other, id, both));
      await t.occurs(bound(id, other, both));
      // What ends with any name that is given up does not end because ids are equal.
      await t.setup({ op: 'registerServer', id: unlike, endpoint: 'e5' }, { op: 'registerTransport', id: unlike, endpoint: 'e6' }, { op: 'bindTransportToServer', transportId: unlike, serverId: other }, { op: 'unbindTransport', transportId: unlike }, { op: 'unregisterTransport', id: unlike }, { op: 'unregisterServer', id: unlike });
      await t.given(bound(other, id, 'another name was given up'));
      await t.given(bound(id, other, 'another name was given up'));
      await t.setup({ op: 'unbindTransport', transportId: id }, { op: 'bindTransportToServer', transportId: id, serverId: other });
      await bound(other, id, one);
      await t.setup({ op: 'unregisterTransport', id });
      await bound(other, id, one);
      await t.setup({ op: 'registerTransport', id, endpoint: 'e4' }, { op: 'bindTransportToServer', transportId: id, serverId: other }, { op: 'unregisterServer', id });
      await bound(id, other, one);
      await t.setup(...[id, other].flatMap((name): Operation[] => [{ op: 'unregisterServer', id: name }, { op: 'unregisterTransport', id: name }]));
    }
  }, { needs: ['transports', 'binding'] }),

  check('EPT-1', 'one endpoint holds names in both namespaces', 'an endpoint found to hold names in both namespaces', async (t) => {
    const [server, transport] = t.ids(2) as [string, string];
    await t.setup({ op: 'registerServer', id: server, endpoint: 'e1' });
    await t.succeeds({ op: 'registerTransport', id: transport, endpoint: 'e1' }, 'one endpoint may be server and transport');
    await t.holds(server, 'e1', 'one endpoint may be server and transport');
    await t.holds(transport, 'e1', 'one endpoint may be server and transport', 'findTransport');
    t.occurred();
  }, { needs: ['transports'] }),

  check('EPT-2', 'what is no endpoint is refused', 'a value that is no endpoint, given where an endpoint is taken', async (t) => {
    const { signal } = t.rig.endpoint('e1');
    await t.setup({ op: 'registerServer', id: t.id(), endpoint: 'e1' });
    for (const value of [undefined, null, 7, 'e1', {}, { signal }, { send: () => undefined }, { send: 'e1', signal }, { send: () => undefined, signal: {} }]) {
      for (const operation of ['registerServer', 'registerTransport'] as const) {
        if (operation === 'registerTransport' && !t.offers('transports')) continue;
        const answer = await t.rig.call(operation, t.id(), value);
        t.check(answer.kind === 'refused' && answer.code === 'invalid_argument', `${operation} did not refuse a value that is no endpoint`, 'refused: invalid_argument', showAnswer(answer));
        t.occurred();
      }
    }
  }, { needs: ['in-process'] }),

  check('ERR-1', 'whatever somebody does to an error that was handed out, the next is as it has to be', 'a refusal after one that was written into', async (t) => {
    const register = t.rig.subject.registerServer.bind(t.rig.subject) as (...args: unknown[]) => unknown;
    const id = t.id();
    await t.setup({ op: 'registerServer', id, endpoint: 'e1' });
    for (const [args, code] of [[[id, t.rig.endpoint('e1')], 'already_registered'], [['', t.rig.endpoint('e1')], 'invalid_argument']] as const) {
      // Whether it is refused at all is for others to say.
      const { kind } = await t.rig.call('registerServer', ...args);
      for (let i = 0; kind === 'refused' && i < 2; i++) {
        try {
          await register(...args);
        } catch (error) {
          try {
            Object.assign(error as object, { code: 'tampered', message: 'tampered' });
          } catch {
            // Frozen: as good as a new one.
          }
        }
        t.rejected(await t.rig.call('registerServer', ...args), 'registerServer', [code], 'somebody had written into the error of the refusal before');
        t.occurred();
      }
    }
  }, { needs: ['in-process'] }),
  check('ERR-1', 'every operation answers in the shape of the interface', 'an operation that was answered', async (t) => {
    const [server, transport, none] = t.ids(3) as [string, string, string];
    const operations: Operation[] = [
      { op: 'registerServer', id: server, endpoint: 'e1' },
      { op: 'registerTransport', id: transport, endpoint: 'e2' },
      { op: 'registerServer', id: server, endpoint: 'e2' },
      { op: 'registerTransport', id: transport, endpoint: 'e1' },
      { op: 'findServer', id: server },
      { op: 'findServer', id: none },
      { op: 'findTransport', id: transport },
      { op: 'findTransport', id: none },
      { op: 'listServers' },
      { op: 'listTransports' },
      { op: 'updateServer', id: server, config: { a: 1 } },
      { op: 'updateServer', id: none, config: { a: 1 } },
      { op: 'bindTransportToServer', transportId: transport, serverId: server },
      { op: 'bindTransportToServer', transportId: transport, serverId: none },
      { op: 'getServerForTransport', transportId: transport },
      { op: 'getServerForTransport', transportId: none },
      { op: 'routeToServer', serverId: server, transportId: transport, message: 'm1' },
      { op: 'routeToTransport', serverId: server, transportId: transport, message: 'm2' },
      { op: 'broadcast', serverId: server, message: 'm3' },
      { op: 'unbindTransport', transportId: transport },
      { op: 'getPartitionStats' },
      { op: 'getContentionStatus' },
      { op: 'resetStats' },
      { op: 'setAdmission', mode: 'auto' },
      { op: 'unregisterServer', id: server },
      { op: 'unregisterTransport', id: transport },
      { op: 'close' },
    ];
    for (const operation of operations) {
      const method = operation.op === 'broadcast' ? 'routeToTransport' : operation.op;
      if (typeof t.rig.subject[method as keyof Registry] !== 'function' || (operation.op === 'broadcast' && !t.offers('binding'))) continue;
      const answer = await t.rig.perform(operation);
      t.check(answer.kind !== 'broken', 'an answer has the wrong shape', 'a value of the interface, or an error with a specified code', answer.kind === 'broken' ? answer.what : '');
      t.occurred();
    }
  }),
];
