import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createModel, describe as describeState, tables, type Operation, type RegistryState } from './index.js';
import { sequence, smallModel } from './testing/arbitraries.js';

const model = createModel(smallModel);

const deepFreeze = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Map) for (const inner of value.values()) deepFreeze(inner);
  if (Object.isFrozen(value)) return;
  Object.freeze(value);
  Object.values(value).forEach(deepFreeze);
};

/** Calls back at each step of a sequence. */
const walk = (operations: readonly Operation[], visit: (before: RegistryState, operation: Operation, step: ReturnType<typeof model.step>) => void): void => {
  let state = model.initial;
  for (const operation of operations) {
    const step = model.step(state, operation);
    visit(state, operation, step);
    state = step.state;
  }
};

const isDown = (state: RegistryState, endpoint: string): boolean => tables.endpoint.has(state.endpoints.get(endpoint) ?? 'up', 'down');

/** What of a step makes no sense. One `expect` for each of these would take four times as long. */
function violations(before: RegistryState, operation: Operation, { state, outcome, deliveries }: ReturnType<typeof model.step>): string[] {
  const found: string[] = [];
  const must = (holds: boolean, what: string): void => void (holds || found.push(what));
  for (const [transportId, { server, state: bound }] of state.bindings) {
    must(bound === 'bound', `the binding of ${transportId} is ${bound}`);
    must(state.names.server.has(server) && state.names.transport.has(transportId), `${transportId} is bound to ${server}, and one of them is not registered`);
  }
  for (const namespace of ['server', 'transport'] as const) {
    for (const [id, name] of state.names[namespace]) {
      must(name.state === 'held', `the ${namespace} ${id} is ${name.state}`);
      must(!isDown(state, name.endpoint), `the ${namespace} ${id} is held by ${name.endpoint}, which is down`);
    }
    // REG-2: a held name keeps its holder unless something took it from him.
    for (const [id, name] of before.names[namespace]) {
      const now = state.names[namespace].get(id);
      if (now !== undefined) must(now.endpoint === name.endpoint, `the ${namespace} ${id} went from ${name.endpoint} to ${now.endpoint}`);
      else must(['unregisterServer', 'unregisterTransport', 'down', 'close'].includes(operation.op), `the ${namespace} ${id} went by ${operation.op}`);
    }
  }
  for (const { namespace, to, endpoint } of deliveries) must(state.names[namespace].get(to)?.endpoint === endpoint, `a delivery to the ${namespace} ${to} went to ${endpoint}`);
  for (const { window } of state.partitions) {
    must(window.length <= 3, `${window.length} samples in a window`);
    for (const { committedAt } of window) must(state.now - committedAt < 1000, `a sample of ${committedAt} at ${state.now}`);
  }
  if (tables.lifecycle.has(state.lifecycle, 'closed')) must(state.names.server.size + state.names.transport.size === 0, 'closed, and there are names');
  const alarmed = state.partitions.filter(({ alarm }) => tables.alarm.has(alarm, 'alarm')).length;
  if (state.admission === 'auto.closed') must(alarmed > 2, `closed with ${alarmed} alarms`);
  if (state.admission === 'auto.open') must(alarmed <= 2, `open with ${alarmed} alarms`);
  if (outcome.kind === 'refused') must(state === before && outcome.codes.length > 0, 'refused, and changed something or gave no code');
  must(state.now >= before.now, `time went back from ${before.now} to ${state.now}`);
  must(describeState(state).at(-1) === `time ${state.now} ms`, 'the description does not end with the time');
  return found;
}

describe('after any sequence of operations', () => {
  test.prop([sequence], { numRuns: 1000 })('the state makes sense', (operations) => {
    walk(operations, (before, operation, step) => expect(violations(before, operation, step)).toEqual([]));
  });

  test.prop([sequence], { numRuns: 300 })('the same input gave the same output, and no input changed', (operations) => {
    walk(operations, (before, operation, step) => {
      const copy = structuredClone(before);
      deepFreeze(before);
      expect(model.step(before, operation)).toEqual(step);
      expect(before).toEqual(copy);
    });
  });

  test.prop([sequence], { numRuns: 300 })('time alone ends every alarm but that of a stuck write', (operations) => {
    let last = model.initial;
    walk(operations, (_, __, { state }) => { last = state; });
    const later = model.step(last, { op: 'advance', ms: 1000 }).state;
    for (const { alarm, inFlight } of later.partitions) expect(alarm).toBe(inFlight.length > 0 ? 'stuck' : 'calm');
  });

  test.prop([sequence, fc.constantFrom(...'ab')], { numRuns: 300 })('a read changes nothing', (operations, id) => {
    walk(operations, (_, __, { state }) => {
      for (const read of [{ op: 'findServer', id }, { op: 'getServerForTransport', transportId: id }, { op: 'listServers' }, { op: 'getPartitionStats' }, { op: 'getContentionStatus' }] as const) {
        expect(model.step(state, read).state).toBe(state);
      }
    });
  });
});

describe('the generator', () => {
  test('reaches every state and refuses with every code of the model', () => {
    const codes = new Set<string>();
    const admissions = new Set<string>();
    const alarms = new Set<string>();
    fc.assert(
      fc.property(sequence, (operations) => {
        walk(operations, (_, __, { state, outcome }) => {
          if (outcome.kind === 'refused') outcome.codes.forEach((code) => codes.add(code));
          admissions.add(state.admission);
          state.partitions.forEach(({ alarm }) => alarms.add(alarm));
        });
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect([...admissions].sort()).toEqual([...tables.admission.states].sort());
    expect([...alarms].sort()).toEqual([...tables.alarm.states].sort());
    expect([...codes].sort()).toEqual(['admission_control_active', 'already_registered', 'endpoint_down', 'invalid_argument', 'registry_closed', 'server_not_found', 'transport_not_found']);
  });
});
