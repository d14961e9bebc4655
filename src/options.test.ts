import { expect, test } from 'vitest';
import { RegistryError, ShardedRegistry, memoryStore, systemClock } from './index.js';

const refusal = (options: unknown): unknown => {
  try {
    new ShardedRegistry(options as object);
  } catch (error) {
    return error;
  }
  return undefined;
};

test.each([
  ['partitions', [0, 65, 1.5, NaN, '16', null, -1, Infinity]],
  ['admission', ['shut', null, 1]],
  ['clock', [null, 1, {}, { now: () => 0 }]],
  ['store', [{}, null, () => undefined, () => ({}), () => ({ commit: () => 1 }), () => { throw new Error('no'); }]],
  ['maxWaitingWrites', [-1, 0.5, NaN, '1']],
  ['writeTimeoutMs', [0, -1, NaN, Infinity, 2 ** 31]],
  ['windowSize', [0, 1.5, '10']],
  ['windowMs', [0, -1, NaN]],
  ['minWrites', [-1, NaN, '1']],
  ['alarmAboveMs', [-1, NaN]],
  ['stuckAfterMs', [-1, '500']],
  ['closeAbove', [-0.1, 1.1, NaN]],
  ['partitons', [16]],
])('a wrong %s is refused by name', (name, values) => {
  for (const value of values) {
    const error = refusal({ [name]: value });
    expect(error).toBeInstanceOf(RegistryError);
    expect((error as RegistryError).code).toBe('invalid_argument');
    expect((error as RegistryError).message).toContain(name);
  }
});

test('options are an object, and all are optional', () => {
  for (const no of [null, 1, 'a']) expect((refusal(no) as RegistryError).code).toBe('invalid_argument');
  expect(refusal(undefined)).toBeUndefined();
  expect(refusal({ partitions: undefined, clock: systemClock, store: memoryStore, admission: 'open', closeAbove: 1, alarmAboveMs: Infinity })).toBeUndefined();
  expect(new ShardedRegistry().getContentionStatus()).toEqual({ partitions: 16, alarmed: [], admission: 'open', mode: 'auto' });
  for (const partitions of [1, 64]) expect(new ShardedRegistry({ partitions }).getPartitionStats()).toHaveLength(partitions);
});
