import { expect, test } from 'vitest';
import { broadcast, RegistryError, ShardedRegistry, type Change, type CommitResult, type Endpoint, type RegistryOptions, type Store } from './index.js';
import { ManualClock } from './testing/manual-clock.js';

/*
 * A refusal says in its message what was refused and what to do about it, and keeps what lay beneath. The texts stand here whole:
 * they are what a user reads.
 */

const alive = (): Endpoint => ({ send: () => undefined, signal: new AbortController().signal });

async function refused(call: () => unknown): Promise<RegistryError> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(RegistryError);
    expect((error as RegistryError).name).toBe('RegistryError');
    return error as RegistryError;
  }
  throw new Error('it was not refused');
}

const said = async (call: () => unknown): Promise<string> => {
  const { code, message } = await refused(call);
  return `${code}: ${message}`;
};

test('what is no id', async () => {
  const registry = new ShardedRegistry();
  const bad = '';
  const rest = 'is not an id: give a non-empty string of at most 255 code points without NUL or lone surrogates.';
  const server = `invalid_argument: The server id ${rest}`;
  const transport = `invalid_argument: The transport id ${rest}`;
  for (const call of [
    () => registry.registerServer(bad, alive()),
    () => registry.unregisterServer(bad),
    () => registry.updateServer(bad, {}),
    () => registry.findServer(bad),
    () => registry.bindTransportToServer('t', bad),
    () => registry.routeToServer(bad, 't', 'm'),
    () => registry.routeToTransport('t', bad, 'm'),
    () => registry.routeToTransport(broadcast, bad, 'm'),
  ]) {
    expect(await said(call)).toBe(server);
  }
  for (const call of [
    () => registry.registerTransport(bad, alive()),
    () => registry.unregisterTransport(bad),
    () => registry.findTransport(bad),
    () => registry.bindTransportToServer(bad, 's'),
    () => registry.unbindTransport(bad),
    () => registry.getServerForTransport(bad),
    () => registry.routeToServer('s', bad, 'm'),
    () => registry.routeToTransport(bad, 's', 'm'),
  ]) {
    expect(await said(call)).toBe(transport);
  }
  expect(await said(() => registry.registerTransport('t', alive(), { serverId: bad }))).toBe(`invalid_argument: config.serverId ${rest}`);
});

test('what is no endpoint', async () => {
  const registry = new ShardedRegistry();
  const none = 'invalid_argument: The endpoint is none: give an object with a send function and an AbortSignal as its signal.';
  const { signal } = new AbortController();
  const listening = { addEventListener: () => undefined, removeEventListener: () => undefined };
  for (const endpoint of [
    { signal },
    { send: 1, signal },
    { send: () => 1, signal: Object.assign(() => 1, { aborted: false, ...listening }) },
    { send: () => 1, signal: { aborted: 'no', ...listening } },
    { send: () => 1, signal: { aborted: false, addEventListener: listening.addEventListener } },
    { send: () => 1, signal: { aborted: false, removeEventListener: listening.removeEventListener } },
  ]) {
    expect(await said(() => registry.registerServer('s', endpoint as unknown as Endpoint))).toBe(none);
  }
  for (const endpoint of [null, undefined, { send: () => 1, signal: null }]) {
    const error = await refused(() => registry.registerServer('s', endpoint as unknown as Endpoint));
    expect(error.message).toBe('The endpoint could not be read: give { send, signal }.');
    expect(error.cause).toBeInstanceOf(TypeError);
  }
  const deaf = { send: () => 1, signal: { aborted: false, removeEventListener: () => undefined, addEventListener: () => { throw new Error('deaf'); } } };
  const error = await refused(() => registry.registerServer('s', deaf as unknown as Endpoint));
  expect(error).toMatchObject({ code: 'invalid_argument', message: 'The signal of "s" cannot be listened to: give an AbortSignal.', cause: new Error('deaf') });
  expect(Object.hasOwn(await refused(() => registry.findServer('')), 'cause')).toBe(false);
});

test('what is no configuration', async () => {
  const registry = new ShardedRegistry();
  const why = async (config: unknown): Promise<string> => said(() => registry.registerServer('s', alive(), config as never));
  const nest = (depth: number): unknown => (depth === 0 ? 1 : [nest(depth - 1)]);
  expect(await why([])).toBe('invalid_argument: The config is not a plain object: give JSON data.');
  expect(await why(null)).toBe('invalid_argument: The config is not a plain object: give JSON data.');
  expect(await why({ a: Infinity })).toBe('invalid_argument: The config holds Infinity, which is not JSON data.');
  expect(await why({ a: 1n })).toBe('invalid_argument: The config holds a value of type bigint, which is not JSON data.');
  expect(await why({ a: undefined })).toBe('invalid_argument: The config holds a value of type undefined, which is not JSON data.');
  expect(await why({ a: nest(32) })).toBe('invalid_argument: The config is nested deeper than 32 levels, or refers to itself.');
  expect(await why({ a: new Array(10_000).fill(0) })).toBe('invalid_argument: The config holds more than 10000 values: keep large data elsewhere.');
  expect(await why({ [Symbol('a')]: 1 })).toBe('invalid_argument: The config holds a symbol key, which is not JSON data.');
  expect(await why({ a: new Array(1) })).toBe('invalid_argument: The config holds an array with holes or named properties, which is not JSON data.');
  expect(await why({ a: new Map() })).toBe('invalid_argument: The config holds an object that is not a plain one: give JSON data.');
  const error = await refused(() => registry.registerServer('s', alive(), { get a(): never { throw new Error('no'); } }));
  expect(error).toMatchObject({ message: 'The config could not be read: give plain JSON data.', cause: new Error('no') });
  expect(await said(() => registry.updateServer('s', undefined as never))).toBe('invalid_argument: The config is missing: give the one that replaces the present one.');
});

test('what is taken, gone, or not admitted', async () => {
  const registry = new ShardedRegistry();
  const dead = { send: () => 1, signal: AbortSignal.abort() };
  await registry.registerServer('s', alive());
  await registry.registerTransport('t', alive());
  expect(await said(() => registry.registerServer('s', alive()))).toBe('already_registered: The server "s" is registered: unregister it first, or take another id.');
  expect(await said(() => registry.registerTransport('t', alive()))).toBe('already_registered: The transport "t" is registered: unregister it first, or take another id.');
  expect(await said(() => registry.registerServer('x', dead))).toBe('endpoint_down: The endpoint for "x" is down: register one whose signal has not aborted.');
  expect(await said(() => registry.updateServer('x', {}))).toBe('server_not_found: No server is registered under "x": register it first.');
  expect(await said(() => registry.bindTransportToServer('t', 'x'))).toBe('server_not_found: No server is registered under "x": register it first.');
  expect(await said(() => registry.bindTransportToServer('x', 's'))).toBe('transport_not_found: No transport is registered under "x": register it first.');
  registry.setAdmission('closed');
  expect(await said(() => registry.registerServer('x', alive()))).toBe('admission_control_active: Registrations are rejected for now; "x" was not registered: try again later.');
  expect(await said(() => registry.setAdmission('shut' as never))).toBe("invalid_argument: There is no such admission mode: give 'auto', 'open' or 'closed'.");
  for (const partition of [-1, 16, 0.5]) expect(await said(() => registry.getPartitionStats(partition))).toBe('invalid_argument: There is no such partition: give an integer from 0 to 15.');
  await registry.close();
  for (const call of [() => registry.findServer('s'), () => registry.registerServer('s', alive())]) expect(await said(call)).toBe('registry_closed: The registry has been closed: make a new one.');
});

/** A store of one partition that answers as it is told. */
function answering(answer: (change: Change) => CommitResult | Promise<CommitResult>, more: Partial<Store> = {}, options: RegistryOptions = {}): ShardedRegistry {
  return new ShardedRegistry({ partitions: 1, ...options, store: () => ({ commit: answer, read: () => undefined, ...more }) });
}

test('what the store did not take', async () => {
  const cause = new Error('disk full');
  const failing = await refused(() => answering(() => ({ kind: 'failed', error: cause })).registerServer('s', alive()));
  expect(failing).toMatchObject({ code: 'store_failed', message: 'The store did not take the write of the server "s", and nothing changed: try again.', cause });
  const elsewhere = answering(() => ({ kind: 'conflict' }));
  expect(await said(() => elsewhere.registerTransport('t', alive()))).toBe('already_registered: The store already holds the transport "t": it is registered elsewhere.');
  const lost = new Error('unreachable');
  const unknown = await refused(() => answering(() => ({ kind: 'unknown', error: cause }), { read: () => { throw lost; } }).registerServer('s', alive()));
  expect(unknown).toMatchObject({ code: 'outcome_unknown', message: 'The store did not say whether the write of the server "s" happened: look the name up before trying again.', cause });
  const full = answering(({ expected }) => (expected === undefined ? { kind: 'committed', revision: 1 } : { kind: 'failed', error: cause }));
  await full.registerServer('s', alive());
  await full.registerTransport('t', alive(), { serverId: 's' });
  for (const call of [() => full.unbindTransport('t'), () => full.unregisterTransport('t'), () => full.bindTransportToServer('t', 's')]) {
    expect(await said(call)).toBe('store_failed: The store did not take the write of the transport "t", and nothing changed: try again.');
  }
  const silent = await refused(() => answering(() => 'fine' as never).registerServer('s', alive()));
  expect(silent).toMatchObject({ code: 'store_failed', cause: new TypeError('The store answered a commit with something that is no CommitResult.') });
});

test('what somebody else has changed in the store', async () => {
  const lost = new Error('unreachable');
  const stored = { record: { config: {}, incarnation: 1, operation: 2 }, revision: 7 };
  for (const [read, cause] of [[() => stored, new Error('The record was changed by somebody else.')], [() => { throw lost; }, lost]] as const) {
    const registry = answering(({ expected }) => (expected === undefined ? { kind: 'committed', revision: 1 } : { kind: 'conflict' }), { read });
    await registry.registerServer('s', alive());
    expect(await refused(() => registry.updateServer('s', { v: 1 }))).toMatchObject({ code: 'store_failed', cause });
  }
});

test('what had to wait for too long, or found no room', async () => {
  const clock = new ManualClock();
  const stuck = answering(() => new Promise(() => undefined), {}, { clock, maxWaitingWrites: 1, writeTimeoutMs: 100 });
  const first = refused(() => stuck.registerServer('a', alive()));
  const second = refused(() => stuck.registerServer('b', alive()));
  expect(await said(() => stuck.registerServer('c', alive()))).toBe('partition_overloaded: The partition of the server "c" has 1 writes waiting: try again later.');
  clock.advance(100);
  const unknown = await first;
  expect(unknown).toMatchObject({ code: 'outcome_unknown' });
  expect(Object.hasOwn(unknown, 'cause')).toBe(false);
  expect(await second).toMatchObject({ code: 'write_timeout', message: 'the server "b" had to wait for more than 100 ms and was withdrawn: try again later.' });
  const third = refused(() => stuck.registerServer('d', alive()));
  const closing = stuck.close();
  expect(await third).toMatchObject({ code: 'registry_closed', message: 'The registry was closed before the server "d" had its turn.' });
  clock.advance(100);
  await closing;
});

test('a store that fails to close', async () => {
  const cause = new Error('busy');
  const error = await refused(() => answering(() => ({ kind: 'committed', revision: 1 }), { close: () => { throw cause; } }).close());
  expect(error).toMatchObject({ code: 'store_failed', message: 'The registry is closed, but a store failed to close.', cause });
});

test.each<[string, unknown, string]>([
  ['partitions', 65, 'an integer from 1 to 64'],
  ['admission', 'shut', "'auto', 'open' or 'closed'"],
  ['clock', {}, 'an object with now, setTimeout and clearTimeout'],
  ['store', {}, 'a function that makes the store of a partition'],
  ['maxWaitingWrites', -1, 'an integer from 0 to 1000000'],
  ['writeTimeoutMs', 0, 'a number of milliseconds above 0 and at most 2147483647'],
  ['windowSize', 0, 'an integer from 1 to 100000'],
  ['windowMs', 0, 'a number of milliseconds above 0'],
  ['minWrites', -1, 'a number of at least 0'],
  ['alarmAboveMs', -1, 'a number of at least 0'],
  ['stuckAfterMs', -1, 'a number of at least 0'],
  ['closeAbove', 2, 'a fraction from 0 to 1'],
])('an option %s that is wrong', async (name, value, wanted) => {
  expect(await said(() => new ShardedRegistry({ [name]: value }))).toBe(`invalid_argument: The option ${name} is wrong: give ${wanted}.`);
});

test('options that are none, and a store that cannot be made', async () => {
  expect(await said(() => new ShardedRegistry(1 as never))).toBe('invalid_argument: The options are not an object.');
  expect(await said(() => new ShardedRegistry({ shards: 4 } as never))).toBe('invalid_argument: There is no option "shards": there are partitions, admission, clock, store, maxWaitingWrites, writeTimeoutMs, windowSize, windowMs, minWrites, alarmAboveMs, stuckAfterMs, closeAbove.');
  const error = await refused(() => new ShardedRegistry({ store: () => { throw new Error('no disk'); } }));
  expect(error).toMatchObject({ code: 'invalid_argument', message: 'The option store threw for partition 0: give a function that makes a store.', cause: new Error('no disk') });
  expect(await said(() => new ShardedRegistry({ store: () => ({ commit: () => undefined }) as never }))).toBe('invalid_argument: The option store made none for partition 0: it must return an object with commit and read.');
});

test('the least and the most that options may be', () => {
  for (const options of [{ writeTimeoutMs: 2 ** 31 - 1 }, { writeTimeoutMs: 0.5 }, { windowMs: 0.5 }, { windowMs: 1e9 }, { minWrites: 0 }, { alarmAboveMs: 0 }, { stuckAfterMs: 0 }, { closeAbove: 0 }, { maxWaitingWrites: 0 }, { windowSize: 1 }]) {
    expect(() => new ShardedRegistry(options)).not.toThrow();
  }
});
