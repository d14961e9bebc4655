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

describe('after any sequence of operations', () => {
  test.prop([sequence], { numRuns: 1000 })('the state makes sense', (operations) => {
    walk(operations, (before, operation, { state, outcome, deliveries }) => {
      for (const [transportId, { server, state: bound }] of state.bindings) {
        expect(bound).toBe('bound');
        expect(state.names.server.has(server)).toBe(true);
        expect(state.names.transport.has(transportId)).toBe(true);
      }
      for (const names of [state.names.server, state.names.transport]) {
        for (const name of names.values()) {
          expect(name.state).toBe('held');
          expect(isDown(state, name.endpoint)).toBe(false);
        }
      }
      for (const delivery of deliveries) {
        expect(state.names[delivery.namespace].get(delivery.to)?.endpoint).toBe(delivery.endpoint);
      }
      for (const partition of state.partitions) {
        expect(partition.window.length).toBeLessThanOrEqual(3);
        for (const { committedAt } of partition.window) expect(state.now - committedAt).toBeLessThan(1000);
      }
      if (tables.lifecycle.has(state.lifecycle, 'closed')) expect(state.names.server.size + state.names.transport.size).toBe(0);
      const alarmed = state.partitions.filter(({ alarm }) => tables.alarm.has(alarm, 'alarm')).length;
      if (state.admission === 'auto.closed') expect(alarmed).toBeGreaterThan(2);
      if (state.admission === 'auto.open') expect(alarmed).toBeLessThanOrEqual(2);
      if (outcome.kind === 'refused') {
        expect(state).toBe(before);
        expect(outcome.codes.length).toBeGreaterThan(0);
      }
      expect(state.now).toBeGreaterThanOrEqual(before.now);
      expect(describeState(state).at(-1)).toBe(`time ${state.now} ms`);
      // REG-2: a held name keeps its holder unless something took it from him.
      for (const namespace of ['server', 'transport'] as const) {
        for (const [id, name] of before.names[namespace]) {
          const now = state.names[namespace].get(id);
          if (now !== undefined) expect(now.endpoint).toBe(name.endpoint);
          else expect(['unregisterServer', 'unregisterTransport', 'down', 'close']).toContain(operation.op);
        }
      }
    });
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
