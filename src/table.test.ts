import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxWhole, Table } from './table.js';
import { randomInts } from './testing/random-ints.js';

/** A small part of everything when every change of the code has to be put to all of it (proof/mutation). */
const share = process.env['MUTATION_TESTS'] === undefined ? 1 : 1 / 16;

/** How many operations are compared with those of a `Map`: 5,000,000 in a long run. */
const operations = Number(process.env['TABLE_OPERATIONS'] ?? 100_000 * share);
const operationsPerRun = 2_000;

const hex = (random: () => number, digits: number): string => Array.from({ length: digits }, () => ((random() >>> 4) % 16).toString(16)).join('');

const families: Readonly<Record<string, (i: number, random: () => number) => string>> = {
  'like a UUID': (_, random) => `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`,
  'a counter': (i) => `server-${String(i).padStart(6, '0')}`,
  'a shared prefix': (i) => `registry.production.eu-central-1/${i.toString(36)}`,
  'a shared suffix': (i) => `${i.toString(36)}.registry.production.eu-central-1`,
  'in the middle': (i) => `registry.${String(i).padStart(5, '0')}.production`,
  '255 characters': (i) => `${'x'.repeat(120)}${String(i).padStart(5, '0')}${'y'.repeat(130)}`,
  'not ASCII': (i) => `сервер-${i}-東京`,
  'surrogate pairs': (i) => String.fromCodePoint(0x1f300 + (i % 700), 0x1f300 + Math.floor(i / 700)).repeat(3),
  'numbers': (i) => String(i),
  'names of properties': (i) => ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length'][i % 5]!,
  'one character': (i) => String.fromCharCode(1 + (i % 0xd000)),
  'one character of many': (i) => `${'a'.repeat(i % 300)}b${'a'.repeat(299 - (i % 300))}`,
};

/** An id that is equal, but another string in memory: one piece, or a rope. */
const copy = (id: string): string => (id.length % 2 === 0 ? [...id].join('') : id.slice(0, 1) + id.slice(1));

/** What a lookup gives is a number, and the value is its text. */
const put = (table: Table<number, string>, id: string, shown: number): void => table.set(id, shown, String(shown));
function look(table: Table<number, string>, id: string): number | undefined {
  const shown = table.find(id);
  if (table.get(id) !== (shown === undefined ? undefined : String(shown))) expect.fail(`${JSON.stringify(id)} shows ${shown}, and has ${table.get(id)}`);
  return shown;
}

const many = 20_000 * share;
const large = (random: () => number): Table<number, string> => new Table(random, maxWhole * share);

const sorted = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);

test('a table is a map', () => {
  const run = fc.record({ seed: fc.integer(), kinds: fc.subarray(Object.keys(families), { minLength: 1 }), names: fc.integer({ min: 1, max: 1_500 }) });
  fc.assert(
    fc.property(run, ({ seed, kinds, names }) => {
      const random = randomInts(seed);
      const pool = Array.from({ length: names }, (_, i) => families[kinds[i % kinds.length]!]!(i, random));
      const table = new Table<number, string>(random);
      const map = new Map<string, number>();
      const pick = (): string => pool[(random() >>> 1) % pool.length]!;
      let growing = true;
      for (let i = 0; i < operationsPerRun; i++) {
        if (i % 500 === 0) growing = !growing;
        const dice = (random() >>> 1) % 1_000;
        const id = pick();
        if (dice < 500) {
          if (look(table, copy(id)) !== map.get(id)) expect.fail(`get ${JSON.stringify(id)} at ${i}`);
        } else if (dice < (growing ? 900 : 600)) {
          put(table, copy(id), i);
          map.set(id, i);
        } else if (dice < 998) {
          if (table.delete(copy(id)) !== map.delete(id)) expect.fail(`delete ${JSON.stringify(id)} at ${i}`);
        } else if (dice < 999) {
          expect(sorted(table.list())).toEqual(sorted(map.values()));
        } else {
          // What changes meanwhile is not seen, and harms nothing.
          for (const value of table.list()) {
            expect(value).toBeTypeOf('number');
            const other = pick();
            if (value % 2 === 0) {
              table.delete(other);
              map.delete(other);
            } else {
              put(table, other, i);
              map.set(other, i);
            }
          }
        }
      }
      expect(table.size).toBe(map.size);
      expect(sorted(table.list())).toEqual(sorted(map.values()));
      table.clear();
      expect([table.size, look(table, pool[0]!), table.list()]).toEqual([0, undefined, []]);
    }),
    { numRuns: Math.max(1, Math.round(operations / operationsPerRun)) },
  );
});

test('only strings have values', () => {
  const table = new Table<number, string>(randomInts(1));
  put(table, '1', 1);
  for (const id of [1, null, undefined, Symbol('1'), {}, ['1'], { length: 1 }]) expect(look(table, id as string)).toBeUndefined();
  expect(look(table, '')).toBeUndefined();
});

test('a value takes the place of another', () => {
  const table = new Table<number, string>(randomInts(1));
  put(table, 'a', 1);
  put(table, 'a', 2);
  expect([table.size, look(table, 'a'), table.list()]).toEqual([1, 2, [2]]);
  expect([table.delete('a'), table.delete('a'), table.size]).toEqual([true, false, 0]);
});

/** Fills a table, and finds all in few steps. */
function fill(ids: readonly string[], random: () => number): Table<number, string> {
  const table = large(random);
  ids.forEach((id, i) => put(table, id, i));
  expect(table.size).toBe(ids.length);
  expect(ids.every((id, i) => look(table, id) === i)).toBe(true);
  expect(table.longestProbe).toBeLessThan(150);
  return table;
}

describe('a large table', () => {
  for (const kind of ['like a UUID', 'a counter', 'a shared prefix', 'a shared suffix', 'in the middle', '255 characters', 'not ASCII', 'numbers']) {
    test(`is in segments, and grows and shrinks: ${kind}`, () => {
      const random = randomInts(7);
      const ids = Array.from({ length: many }, (_, i) => families[kind]!(i, random));
      const table = fill(ids, random);
      for (let i = 0; i < ids.length - 10; i++) expect(table.delete(ids[i]!)).toBe(true);
      expect(sorted(table.list())).toEqual(Array.from({ length: 10 }, (_, i) => ids.length - 10 + i));
      expect(ids.every((id, i) => look(table, id) === (i < ids.length - 10 ? undefined : i))).toBe(true);
      ids.forEach((id, i) => put(table, id, -i));
      expect(ids.every((id, i) => look(table, id) === -i)).toBe(true);
    });
  }
});

describe('chosen ids do not meet', () => {
  const digits = (i: number, base: number, length: number): number[] => Array.from({ length }, (_, at) => Math.floor(i / base ** at) % base);

  test('when each differs from the others in a place of its own', () => {
    const change = (i: number): string => {
      const units = new Array<string>(200).fill('a');
      units[i % 200] = String.fromCharCode(0x62 + Math.floor(i / 200));
      return units.join('');
    };
    fill(Array.from({ length: many }, (_, i) => change(i)), randomInts(2));
  });

  test('when what is sampled is known', () => {
    // The factors are: 1, all of them, so that the sum is the same whatever the order. The keys are not.
    const unknown = randomInts(3);
    let calls = 0;
    const random = (): number => (calls++ < 9 ? 1 : unknown());
    const order = (i: number): string => digits(i, 2, 16).flatMap((digit) => (digit === 0 ? ['a', 'b'] : ['b', 'a'])).join('');
    const most = 16_000 * share;
    const table = fill(Array.from({ length: most }, (_, i) => order(i)), random);
    expect(calls).toBeGreaterThan(500); // It has come to keys.
    for (let i = 0; i < most; i++) expect(table.delete(order(i))).toBe(true);
    expect(table.size).toBe(0);
    // Empty, it reads a few places again, until that is not enough again.
    const before = calls;
    for (let i = 0; i < most; i++) put(table, order(i), i);
    expect(calls).toBeGreaterThan(before + 500);
    expect(look(table, order(most - 1))).toBe(most - 1);
    expect(table.longestProbe).toBeLessThan(150);
  });

  test('when they meet in xor, multiply and shift, whatever the seed', () => {
    const high = (i: number): string => String.fromCharCode(...digits(i, 2, 15).map((digit) => (digit === 0 ? 0x4e00 : 0xce00)));
    fill(Array.from({ length: many }, (_, i) => high(i)), randomInts(4));
  });

  test('when a segment is crowded before the table is divided', () => {
    const random = randomInts(5);
    fill(Array.from({ length: many }, (_, i) => digits(i * 7, 3, 12).map((digit) => 'xyz'[digit]).join('')), random);
  });
});
