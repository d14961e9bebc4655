import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AdapterError } from '../contract.js';
import { Connection, RequestError } from './connection.js';

/*
 * Malformed, truncated, hostile and out-of-order messages against the kit's end of a connection, cut into chunks anywhere. With
 * FUZZ_MESSAGES=100000 there are so many; the figure of docs/protocol.md is of that.
 */

const messages = Number(process.env['FUZZ_MESSAGES'] ?? 20_000);
const mostPerRun = 24;

/** How many requests are open when the messages come. */
const asked = 8;

const handle = fc.constantFrom('r1', 'r2', 'e1', '', '__proto__', 'constructor', '😀', '\ud800', 'x'.repeat(300));
const method = fc.constantFrom('delivered', 'down', 'timer/set', 'timer/clear', 'initialize', 'open', '__proto__', 'toString', 'constructor', '', 'hasOwnProperty');
const id = fc.oneof({ weight: 6, arbitrary: fc.nat({ max: asked + 1 }) }, { weight: 1, arbitrary: fc.constantFrom<unknown>(null, -1, 1.5, '0', '1', [0], {}, 1e300, true) });
const params = fc.oneof(
  fc.record({ registry: handle, endpoint: handle, namespace: fc.constantFrom<unknown>('server', 'transport', 7), to: handle, from: handle, message: fc.jsonValue({ maxDepth: 2 }) }, { requiredKeys: [] }),
  fc.record({ registry: handle, timer: handle, ms: fc.constantFrom<unknown>(0, 1, -1, 1e308, '1', null) }, { requiredKeys: [] }),
  fc.jsonValue({ maxDepth: 2 }),
);
const error = fc.oneof(fc.record({ code: fc.constantFrom<unknown>(-32000, -32601, 0.5, '1'), message: fc.constantFrom<unknown>('no', 7), data: fc.constantFrom<unknown>({ code: 'already_registered' }, { code: 7 }, null, 'x') }, { requiredKeys: [] }), fc.jsonValue({ maxDepth: 1 }));
const jsonrpc = fc.oneof({ weight: 12, arbitrary: fc.constant('2.0') }, { weight: 1, arbitrary: fc.constantFrom<unknown>('1.0', 2, undefined) });

/** An answer as it should be, to one of those that are open at first. */
const good = fc.oneof(
  fc.record({ jsonrpc: fc.constant('2.0'), id: fc.nat({ max: asked - 1 }), result: fc.constantFrom<unknown>(null, [], { id: 'a', endpoint: 'e1', config: {} }) }),
  fc.record({ jsonrpc: fc.constant('2.0'), id: fc.nat({ max: asked - 1 }), error: fc.constant({ code: -32000, message: 'no', data: { code: 'already_registered' } }) }),
);

/** Messages as they should be, nearly as they should be, and not at all. */
const message = fc.oneof(
  { weight: 9, arbitrary: good },
  { weight: 6, arbitrary: fc.record({ jsonrpc, id, result: fc.jsonValue({ maxDepth: 3 }) }, { requiredKeys: ['jsonrpc'] }) },
  { weight: 2, arbitrary: fc.record({ jsonrpc, id, error }) },
  { weight: 1, arbitrary: fc.record({ jsonrpc, id, result: fc.constant(1), error }) },
  { weight: 4, arbitrary: fc.record({ jsonrpc, method, params }) },
  { weight: 1, arbitrary: fc.record({ jsonrpc, id, method, params }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);

const text = fc.oneof(
  { weight: 20, arbitrary: message.map((one) => JSON.stringify(one)) },
  { weight: 1, arbitrary: fc.array(message, { maxLength: 3 }).map((batch) => JSON.stringify(batch)) },
  { weight: 1, arbitrary: fc.tuple(message, message).map(([one, other]) => JSON.stringify(one) + JSON.stringify(other)) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 4_000 }).map((depth) => `{"jsonrpc":"2.0","id":0,"result":${'['.repeat(depth)}${']'.repeat(depth)}}`) },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', '\r', 'null', '{', '}', '{"__proto__":{"polluted":1},"jsonrpc":"2.0","id":0,"result":1}', '{"jsonrpc":"2.0","id":0,"id":1,"result":null}', '{"jsonrpc":"2.0","id":1e0,"result":null}', 'Content-Length: 12', '\ufeff{}') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
);

/** What a fault of the line does to a message: it is cut, or some of its bytes are others. */
const bytes = fc.tuple(text, fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.record({ cut: fc.nat(), flip: fc.nat(), to: fc.nat({ max: 255 }) }) })).map(([line, fault]) => {
  const whole = Buffer.from(`${line}\n`);
  if (fault === undefined) return whole;
  const some = Buffer.from(whole.subarray(0, 1 + (fault.cut % whole.length)));
  some[fault.flip % some.length] = fault.to;
  return some;
});

it(`no sequence of ${messages} messages hangs, crashes, or passes for an answer that was not given`, { timeout: 600_000 }, async () => {
  let [fed, resolved, refused, broke] = [0, 0, 0, 0];
  const property = fc.asyncProperty(fc.array(bytes, { minLength: 8, maxLength: mostPerRun, size: 'max' }), fc.array(fc.nat({ max: 200 }), { maxLength: 20 }), async (lines, cuts) => {
    fed += lines.length;
    let reports = 0;
    const connection = new Connection({ write: () => undefined, hear: () => undefined, broken: () => void reports++ });
    const outcomes = Array.from({ length: asked }, (_, i) => connection.request(i % 3 === 0 ? 'findServer' : i % 3 === 1 ? 'waits' : 'time/advance', { registry: 'r1', now: 0, timers: [] }).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ));
    const stream = Buffer.concat(lines);
    let at = 0;
    for (const cut of cuts) connection.receive(stream.subarray(at, (at += cut)));
    connection.receive(stream.subarray(at));
    broke += reports;
    // Whatever came of it, its end is the end of all that is open.
    connection.break(new AdapterError('the end'));
    expect(reports).toBe(1);
    const said = stream.toString().split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as { id?: unknown; result?: unknown } | null];
      } catch {
        return [];
      }
    });
    for (const [i, outcome] of (await Promise.all(outcomes)).entries()) {
      if ('value' in outcome) {
        resolved++;
        expect(said.some((one) => one?.id === i && 'result' in one)).toBe(true);
      } else if (outcome.error instanceof RequestError) refused++;
      else expect(outcome.error).toBeInstanceOf(AdapterError);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
  await fc.assert(property, { seed: 8, numRuns: Math.ceil(messages / 16) });
  // None of this would be worth anything if nothing had come through, or nothing been refused.
  expect(fed).toBeGreaterThanOrEqual(messages * 0.9);
  expect(Math.min(resolved, refused, broke)).toBeGreaterThan(messages / 200);
});
