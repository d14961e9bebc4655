import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type { Found, Operation } from '../../model/index.js';
import type { Config, Json } from '../../spec/index.js';
import { showAnswer } from '../engine/answer.js';
import { Violation } from '../engine/findings.js';
import { show } from '../engine/show.js';
import { tamper } from '../engine/tamper.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * A configuration is any JSON data, and is data: nothing in it is read, tidied, shortened or taken for something else. It is a copy to the
 * depths, however much of what was given is frozen.
 */

/** Values that are easily taken for something else, or come back as something else, or not at all. */
const tricky: readonly Json[] = [
  '2024-01-01T00:00:00.000Z',
  '2024-01-01',
  ' padded ',
  'line\r\nbreak\t',
  '',
  'true',
  'null',
  'undefined',
  'NaN',
  '1',
  '007',
  '1e3',
  '0x10',
  'e\u0301',
  '\u212b',
  '\u00a0',
  '\u2028',
  '\u0000',
  '<b>&amp;</b>',
  '%20+',
  '/a/g',
  '$ref',
  '${x}',
  '[object Object]',
  '{"a":1}',
  'YWJj',
  0.1,
  1 / 3,
  -1.5,
  1e21,
  5e-324,
  Number.MAX_VALUE,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  1704067200000,
  true,
  false,
  null,
  [],
  {},
  [null],
  [[], {}],
  { $date: '2024-01-01T00:00:00.000Z' },
  { type: 'Buffer', data: [1, 2] },
  { $ref: '#' },
  { get: 1, set: 2, value: 3, writable: false },
  { size: 0, entries: [], keys: null },
  { 'a.b': 1, 'a[0]': 2, 'A': 3, 'a': 4 },
  { ' ': 1, '': 2, '\u0000': 3 },
  [[]],
  -1.5e300,
  'a\0b',
  '\ud83d\ude00',
  { constructor: 'c', toString: 1, hasOwnProperty: null, length: 0 },
  { then: 1, toJSON: 'j', id: 'other', endpoint: 'e9', config: {} },
  { '': '', '0': 0, '-1': null },
  JSON.parse('{"__proto__": {"x": 1}, "y": 2}') as Json,
  'x'.repeat(10_000),
  Array.from({ length: 300 }, (_, i) => i),
  { a: { b: { c: { d: { e: { f: [{ g: null }] } } } } } },
];

const key = fc.constantFrom('a', 'b', 'A', 'a.b', '0', '10', 'id', 'config', 'endpoint', 'constructor', '__proto__', 'length', 'toJSON', '', ' ');

/** JSON data of any kind, of a few levels. No negative zero: whether that is another number than zero is not for JSON to say. */
const { json } = fc.letrec<{ json: Json; leaf: Json }>((tie) => ({
  leaf: fc.oneof(fc.constantFrom(...tricky), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number || 0), fc.string({ unit: 'grapheme' })),
  json: fc.oneof({ maxDepth: 5, depthSize: 'small' }, tie('leaf'), fc.array(tie('json'), { maxLength: 4 }), fc.array(fc.tuple(key, tie('json')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries))),
}));

interface Kind {
  readonly register: 'registerServer' | 'registerTransport';
  readonly unregister: 'unregisterServer' | 'unregisterTransport';
  readonly find: 'findServer' | 'findTransport';
  readonly list: 'listServers' | 'listTransports';
}

const kinds: readonly Kind[] = [
  { register: 'registerServer', unregister: 'unregisterServer', find: 'findServer', list: 'listServers' },
  { register: 'registerTransport', unregister: 'unregisterTransport', find: 'findTransport', list: 'listTransports' },
];

const offered = (t: Trial): readonly Kind[] => kinds.filter(({ register }) => register === 'registerServer' || t.offers('transports'));

/** What a lookup shows of a name. */
const shows = (t: Trial, { find }: Kind, found: Found, why: string): Promise<void> => t.gives({ op: find, id: found.id }, found, why);

/** What a list shows of a name. A lookup has shown it rightly: what is wrong with it now is wrong with the list. */
async function lists(t: Trial, { list }: Kind, found: Found, why: string): Promise<void> {
  if (!t.offers('lists')) return;
  await t.eventually(async () => {
    const answer = await t.rig.perform({ op: list });
    const entry = answer.kind === 'done' ? (answer.value as readonly Found[]).find(({ id }) => id === found.id) : undefined;
    if (!isDeepStrictEqual(entry, found)) throw new Violation(`${list}(): ${why}`, show(found), answer.kind === 'done' ? show(entry) : showAnswer(answer), answer.kind === 'broken' ? answer.breaks : 'LST-1');
  });
}

/** Values nested in one another, of which the outermost so many levels are frozen. */
function frozenTo(levels: number): Config {
  const nest = (depth: number): Json => {
    const inner: Json = depth === 5 ? ['x', { y: 'z' }] : depth % 2 === 0 ? { next: nest(depth + 1), v: depth } : [nest(depth + 1), depth];
    return depth < levels ? Object.freeze(inner) : inner;
  };
  return nest(0) as Config;
}

/** Registers a name for an endpoint; which configuration it has is another matter. */
async function kept(t: Trial, { register, find }: (typeof kinds)[number], id: string, endpoint: string, config: unknown): Promise<void> {
  t.accepted(await t.rig.call(register, id, t.rig.endpoint(endpoint), config), register, 'the name is free');
  await t.holds(id, endpoint, 'it was registered', find);
}

export const anyConfigChecks = [
  check('CFG-1', 'any JSON data is kept as it was given, by whichever way it comes in and out', 'a configuration of any JSON data, looked up', async (t) => {
    const configs = [...tricky.map((value): Config => ({ value, more: [value, { value }] })), ...fc.sample(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'D'), json, { minKeys: 1, maxKeys: 3 }), { seed: t.seed, numRuns: 60 }).map((one): Config => ({ ...one }))];
    for (const kind of offered(t)) {
      const endpoint = `e of ${kind.register}`;
      for (const config of configs) {
        const id = t.id();
        await t.succeeds({ op: kind.register, id, endpoint, config }, 'its configuration is JSON data');
        await shows(t, kind, { id, endpoint, config }, 'it was registered with this configuration');
        t.occurred();
        await lists(t, kind, { id, endpoint, config }, 'it was registered with this configuration');
        await t.setup({ op: kind.unregister, id });
      }
      // Nothing is left of what a name was registered with before.
      const id = t.id();
      await t.setup({ op: kind.register, id, endpoint, config: { v: 1 } }, { op: kind.unregister, id }, { op: kind.register, id, endpoint });
      await shows(t, kind, { id, endpoint, config: {} }, 'it was registered without a configuration');
      await t.setup({ op: kind.unregister, id });
    }
  }),
  check('UPD-1', 'an update replaces a configuration, however alike they are', 'a configuration replaced by another', async (t) => {
    const [id, endpoint] = [t.id(), 'e1'];
    const random = fc.sample(fc.tuple(json, json), { seed: t.seed, numRuns: 20 }).map(([a, b]) => ({ a, b }));
    const alike: Config[] = [
      ...random.flatMap((one, i): Config[] => [one, { ...one, b: [one.b] }, { a: one.a }, { ...one, c: i }, { b: one.b, a: one.a }]),
      ...[{ v: 1 }, { v: '1' }, { v: [1] }, { v: ['1'] }, { v: { 0: 1 } }, { v: [[1]] }, { v: { deep: { x: 1 } } }, { v: { deep: { x: 2 } } }, { v: { deep: { y: 2 } } }, { v: { deep: [] } }, { v: {} }, { v: [] }, { v: null }, { v: false }, { v: 0 }, { v: '' }, {}, { V: 1 }, { v: [1, 2] }, { v: [2, 1] }, { v: 'a' }, { v: 'A' }, { v: 'a ' }, {}],
    ];
    // What is not kept as it was given when a name is registered is lost for another reason.
    for (const config of alike) {
      const other = t.id();
      await t.setup({ op: 'registerServer', id: other, endpoint, config });
      await t.given(shows(t, kinds[0]!, { id: other, endpoint, config }, 'it was registered with this configuration'));
      await t.setup({ op: 'unregisterServer', id: other });
    }
    await t.setup({ op: 'registerServer', id, endpoint });
    for (const config of alike) {
      await t.succeeds({ op: 'updateServer', id, config }, 'the server is registered');
      await shows(t, kinds[0]!, { id, endpoint, config }, 'it was updated to this configuration');
      t.occurred();
      await lists(t, kinds[0]!, { id, endpoint, config }, 'it was updated to this configuration');
    }
  }, { needs: ['configs', 'update'] }),
  check('CFG-1', 'changing what was passed in changes nothing, however deep it is and however much of it is frozen', 'a configuration looked up, and what was passed in changed afterwards', async (t) => {
    for (const kind of offered(t)) {
      for (let levels = 0; levels <= 5; levels++) {
        const [id, endpoint, mine] = [t.id(), `e of ${kind.register}`, frozenTo(levels)];
        t.accepted(await t.rig.call(kind.register, id, t.rig.endpoint(endpoint), mine), kind.register, 'the name is free');
        await t.occurs(t.gives({ op: kind.find, id }, { id, endpoint, config: frozenTo(0) }, 'it was registered with this configuration'));
        tamper(mine);
        await t.gives({ op: kind.find, id }, { id, endpoint, config: frozenTo(0) }, 'the caller changed its own object afterwards');
        // Whoever uses it again means what it says by now.
        const again = { v: 1 };
        for (const v of [2, 3]) {
          const [second, fresh] = [t.id(), `${endpoint} ${v}`];
          await t.given(kept(t, kind, second, fresh, again));
          await t.gives({ op: kind.find, id: second }, { id: second, endpoint: fresh, config: { v: v - 1 } }, 'it was registered with what was in the same object before, or is now');
          again.v = v;
        }
        if (kind.register === 'registerTransport' || !t.offers('update')) continue;
        const other = frozenTo(levels);
        t.accepted(await t.rig.call('updateServer', id, other), 'updateServer', 'the server is registered');
        tamper(other);
        await t.gives({ op: kind.find, id }, { id, endpoint, config: frozenTo(0) }, 'the caller changed its own object afterwards');
      }
    }
  }, { needs: ['in-process'] }),
  check('LST-1', 'a name without a configuration is listed as it is looked up', 'a name without a configuration, looked up and listed', async (t) => {
    for (const kind of offered(t)) {
      const [one, other] = t.ids(2) as [string, string];
      const registered: Operation[] = [{ op: kind.register, id: one, endpoint: 'e1' }, { op: kind.register, id: other, endpoint: 'e1', config: {} }];
      await t.setup(...registered);
      for (const id of [one, other]) {
        let found: unknown;
        let entry: unknown;
        await t.given(t.eventually(async () => {
          found = await t.rig.raw(kind.find, id);
          entry = ((await t.rig.raw(kind.list)) as readonly unknown[]).find((entry) => (entry as { id?: unknown } | null)?.id === id);
          t.check(found !== undefined && entry !== undefined, `${show(id)} was registered`, 'found and listed', 'not so');
        }));
        // Lookups may say that there is none by leaving it out; then so may lists.
        t.check(shapeOf(found) === shapeOf(entry), `${kind.list}() shows the empty configuration otherwise than ${kind.find}()`, shapeOf(found), shapeOf(entry));
        t.occurred();
      }
    }
  }, { needs: ['in-process', 'lists', 'configs'] }),
];

const shapeOf = (found: unknown): string => {
  const config = (found as { config?: unknown } | null | undefined)?.config;
  return typeof config === 'object' && config !== null ? 'an object' : 'none';
};
