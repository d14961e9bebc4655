import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Registry } from '../../spec/index.js';
import { readShaped } from './answer.js';
import { Mailbox, TestEndpoint } from './endpoint.js';
import { asData, readPlain } from './plain-answer.js';

const endpoint = new TestEndpoint('e1', new Mailbox());
const odd = fc.constantFrom<unknown>(undefined, null, 0, 'a', [], {}, new Map(), Symbol.iterator, () => undefined, Object.create(null), Object('a'), new Date(0), endpoint);
const key = fc.constantFrom('v', 'serverId', '__proto__', 'constructor', 'toString', '0');

/** Configurations as they should be, and as they should not. */
const config = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(fc.string(), fc.anything()) },
  fc.tuple(fc.array(fc.tuple(fc.oneof(key, fc.constant(Symbol.for('s'))), odd, fc.boolean())), fc.constantFrom(Object.prototype, null, Array.prototype, { inherited: 1 }, { constructor: 7 })).map(([properties, prototype]) => {
    const object: object = Object.create(prototype) as object;
    for (const [name, value, enumerable] of properties) Object.defineProperty(object, name, { value, enumerable, configurable: true, writable: true });
    return object;
  }),
  odd,
);
const record = fc.record({ id: fc.oneof({ weight: 4, arbitrary: fc.string() }, odd), endpoint: fc.oneof({ weight: 4, arbitrary: fc.constant(endpoint) }, odd), config }, { requiredKeys: [] });
const value = fc.oneof(record, record.map((one) => Object.freeze(one)), record.map((one) => Object.assign([], one)), record.map((one) => Object.assign(() => undefined, one)), record.map((one) => Object.create(one) as unknown), odd, fc.anything());

const operations: readonly (keyof Registry)[] = ['registerServer', 'updateServer', 'unbindTransport', 'findServer', 'findTransport', 'getServerForTransport', 'listServers', 'routeToServer', 'getContentionStatus', 'close'];

it('comes to the same as reading by shapes, or to nothing', () => {
  let plain = 0;
  fc.assert(
    fc.property(fc.constantFrom(...operations), value, (operation, given) => {
      const answer = readPlain(operation, given);
      if (answer === undefined) return;
      plain++;
      expect(answer).toStrictEqual(readShaped(operation, given, false));
    }),
    { numRuns: 5_000 },
  );
  expect(plain).toBeGreaterThan(1_000);
});

it('reads what registries mostly answer', () => {
  for (const given of [undefined, Object.freeze({ id: 's1', endpoint, config: Object.freeze({ v: 1 }) }), { id: 's1', endpoint, config: {}, more: 1 }]) expect(readPlain('findServer', given)).toBeDefined();
  for (const operation of ['registerServer', 'registerTransport', 'unregisterServer', 'unregisterTransport', 'updateServer', 'bindTransportToServer', 'unbindTransport', 'getServerForTransport', 'findServer', 'findTransport'] as const) {
    expect(readPlain(operation, undefined)).toEqual({ kind: 'done', value: undefined });
  }
  expect(readPlain('getServerForTransport', 's1')).toEqual({ kind: 'done', value: 's1' });
  expect(readPlain('findTransport', { id: 't1', endpoint, config: { v: 1 } })).toEqual({ kind: 'done', value: { id: 't1', endpoint: 'e1', config: { v: 1 } } });
});

it('leaves to the shapes what they may read otherwise', () => {
  const functions = Object.assign(() => undefined, { id: 's1', endpoint, config: {} });
  for (const given of [functions, ...[JSON.parse('{"__proto__": 1}') as unknown, { constructor: () => undefined }, [], null].map((config) => ({ id: 's1', endpoint, config }))]) expect(readPlain('findServer', given)).toBeUndefined();
  for (const given of [null, 7]) expect(readPlain('getServerForTransport', given)).toBeUndefined();
});

it('reads JSON data out of whatever it is kept in', () => {
  class Box {
    readonly v = 1;
  }
  class List extends Array<unknown> {}
  expect(asData(new Box())).toStrictEqual({ v: 1 });
  expect(asData(Object.assign(Object.create(null) as object, { v: [Object.create(null)] }))).toStrictEqual({ v: [{}] });
  const list = asData(List.from([1, new Box()])) as unknown[];
  expect(list).toStrictEqual([1, { v: 1 }]);
  expect(Object.getPrototypeOf(list)).toBe(Array.prototype);
  for (const given of [undefined, null, 0, 'a', true]) expect(asData(given)).toBe(given);
});

it('leaves what is no JSON data as it is', () => {
  for (const given of [new Map(), new Date(0), () => undefined, Symbol.iterator]) {
    expect(asData(given)).toBe(given);
    expect((asData({ v: given }) as { v: unknown }).v).toBe(given);
  }
});

it('reads a key that objects have by themselves like any other', () => {
  const read = asData(JSON.parse('{"__proto__": {"v": 1}, "constructor": 2}')) as Record<string, unknown>;
  expect(Object.getOwnPropertyDescriptor(read, '__proto__')).toEqual({ value: { v: 1 }, enumerable: true, configurable: true, writable: true });
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  expect(read['constructor']).toBe(2);
});

it('reads a hundred levels, and no data without end', () => {
  const deep = (levels: number, around: (inner: unknown) => unknown): unknown => Array.from({ length: levels }).reduce(around, 1);
  for (const around of [(inner: unknown) => ({ inner }), (inner: unknown) => [inner]]) {
    expect(asData(deep(101, around))).toEqual(deep(101, around));
    expect(() => asData(deep(102, around))).toThrow('a configuration without end');
  }
  const round: { self?: unknown } = {};
  round.self = round;
  expect(() => asData(round)).toThrow('a configuration without end');
});

it('leaves to the shapes what has properties that JSON does not know', () => {
  expect(readPlain('findServer', { id: 's1', endpoint, config: { [Symbol.for('s')]: 1 } })).toBeUndefined();
});
