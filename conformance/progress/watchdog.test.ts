import { AsyncResource } from 'node:async_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import type { Wait } from '../contract.js';
import { randomFrom } from '../schedules/choosers.js';
import { VirtualClock } from '../engine/virtual-clock.js';
import { Wakers } from './wakers.js';
import { Watchdog } from './watchdog.js';

const never = (): Promise<void> => new Promise(() => undefined);
const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const circle: Wait[] = [{ waiter: 'a', holder: 'b', for: 'lock 1' }, { waiter: 'b', holder: 'a', for: 'lock 2' }];

describe('where everything that could wake somebody is seen', () => {
  // Made in each test, and not before it: the runner of the tests has timers as well.
  let wakers: Wakers | undefined;
  afterEach(() => wakers?.stop());

  it('a call that nothing can answer is blocked, at once', async () => {
    const dog = new Watchdog({ subject: {}, patienceMs: 5_000, wakers: (wakers = Wakers.watchAll()) });
    const began = performance.now();
    dog.watch([{ what: 'find(a)', answer: Promise.resolve() }, { what: 'bind(a, b)', answer: never() }]);
    expect(await dog.settled()).toMatchObject({ kind: 'blocked', proof: 'nothing is left that could answer', open: ['bind(a, b)'] });
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it.each([
    ['a timer', () => after(150)],
    ['a timer that keeps nothing alive', () => new Promise<void>((resolve) => void setTimeout(resolve, 150).unref())],
    ['turns of the event loop', () => new Promise<void>((resolve) => {
      let turns = 0;
      const turn = (): void => void (turns++ < 300 ? setImmediate(turn) : resolve());
      turn();
    })],
    ['a file', async () => void (await (await import('node:fs/promises')).readFile(import.meta.filename ?? new URL(import.meta.url)))],
    ['a hash in another thread', () => import('node:crypto').then(({ pbkdf2 }) => new Promise<void>((resolve) => void pbkdf2('a', 'b', 200_000, 32, 'sha256', () => resolve())))],
    ['a process', () => import('node:child_process').then(({ execFile }) => new Promise<void>((resolve) => void execFile(process.execPath, ['-e', 'setTimeout(() => {}, 100)'], () => resolve())))],
    ['a worker', () => import('node:worker_threads').then(({ Worker }) => new Promise<void>((resolve) => void new Worker('setTimeout(() => {}, 100)', { eval: true }).on('exit', () => resolve())))],
    ['a socket', () => import('node:net').then(({ createServer, connect }) => new Promise<void>((resolve) => {
      const server = createServer((socket) => void setTimeout(() => socket.end('x'), 50)).listen(0, () => {
        connect((server.address() as { port: number }).port).on('data', () => undefined).on('close', () => server.close(() => resolve()));
      });
    }))],
  ])('a call that waits for %s is slow', async (_, wait) => {
    const dog = new Watchdog({ subject: {}, patienceMs: 8_000, wakers: (wakers = Wakers.watchAll()) });
    dog.watch([{ what: 'slow', answer: wait() }]);
    expect(await dog.settled()).toEqual({ kind: 'answered' });
  });

  it('an interval that goes on may yet answer: nothing is proved', async () => {
    wakers = Wakers.watchAll();
    const interval = setInterval(() => undefined, 5).unref();
    const dog = new Watchdog({ subject: {}, patienceMs: 60, wakers });
    dog.watch([{ what: 'find(a)', answer: Promise.resolve() }, { what: 'bind(a, b)', answer: never() }]);
    const outcome = await dog.settled();
    clearInterval(interval);
    expect(outcome).toMatchObject({ kind: 'unanswered', open: ['bind(a, b)'] });
    expect((outcome as { reason: string }).reason).toMatch(/^1 call did not answer for 0\.\d s, while 1 other was: may be blocked, or very slow$/);
  });

  it('what only names a context wakes nobody', async () => {
    const named = new AsyncResource('pool');
    const dog = new Watchdog({ subject: {}, patienceMs: 5_000, wakers: (wakers = Wakers.watchAll()) });
    dog.watch([{ what: 'bind', answer: never() }]);
    expect(await dog.settled()).toMatchObject({ kind: 'blocked' });
    named.emitDestroy();
  });
});

describe('as long as there is progress', () => {
  it('it waits, however slow each is', async () => {
    const dog = new Watchdog({ subject: {}, patienceMs: 80 });
    const random = randomFrom(3);
    let last = Promise.resolve();
    // Each after the one before: all together take far longer than patience.
    dog.watch(Array.from({ length: 20 }, (_, i) => ({ what: `call ${i}`, answer: (last = last.then(() => after(random() * 30))) })));
    expect(await dog.settled()).toEqual({ kind: 'answered' });
  });

  it('but not for ever, and says nothing against the registry', async () => {
    const dog = new Watchdog({ subject: {}, patienceMs: 80, longestMs: 200 });
    const end = dog.begin('never');
    let goesOn = true;
    void (async () => {
      while (goesOn) {
        dog.watch([{ what: 'find', answer: after(10) }]);
        await after(10);
      }
    })();
    const outcome = await dog.settled();
    goesOn = false;
    end();
    expect(outcome).toMatchObject({ kind: 'unanswered' });
    expect((outcome as { reason: string }).reason).toContain('still others are: slow');
  });
});

describe('with time of ours', () => {
  it('time passes as far as it takes', async () => {
    const clock = new VirtualClock();
    const dog = new Watchdog({ subject: {}, patienceMs: 1_000, clock });
    dog.watch([{ what: 'slow', answer: new Promise<void>((resolve) => void clock.setTimeout(() => clock.setTimeout(resolve, 20_000), 30_000)) }]);
    expect(await dog.settled()).toEqual({ kind: 'answered' });
    expect(clock.now()).toBe(50_000);
  });

  it('whoever polls for ever is given up, and not accused', async () => {
    const clock = new VirtualClock();
    const poll = (): void => void clock.setTimeout(poll, 10_000);
    poll();
    const dog = new Watchdog({ subject: {}, patienceMs: 1_000, clock });
    dog.watch([{ what: 'stuck', answer: never() }]);
    expect(await dog.settled()).toMatchObject({ kind: 'unanswered' });
  });

  it('nothing left on the clock, nor begun since, is blocked; anything begun is slow', async () => {
    const wakers = Wakers.fromNow();
    const dog = new Watchdog({ subject: {}, patienceMs: 100, clock: new VirtualClock(), wakers });
    dog.watch([{ what: 'late', answer: after(20) }]);
    expect(await dog.settled()).toEqual({ kind: 'answered' });
    dog.watch([{ what: 'later', answer: after(300) }]);
    expect(await dog.settled()).toMatchObject({ kind: 'unanswered' });
    await after(300);
    dog.watch([{ what: 'stuck', answer: never() }]);
    expect(await dog.settled()).toMatchObject({ kind: 'blocked', open: ['stuck'] });
    wakers.stop();
  });
});

describe('who waits for whom', () => {
  it('is asked again and again, and a circle is seen soon after it has closed', async () => {
    const latencies: number[] = [];
    for (let i = 0; i < 25; i++) {
      let waits: readonly Wait[] = circle.slice(1);
      const dog = new Watchdog({ subject: { waits: () => waits }, patienceMs: 60 });
      dog.begin('a');
      await after(5 + ((i * 7) % 40));
      waits = circle;
      const outcome = await dog.settled();
      expect(outcome).toMatchObject({ kind: 'blocked', open: ['a'] });
      const { proof, cycle } = outcome as { proof: string; cycle: { latencyMs: number } };
      expect(proof).toMatch(/^in a circle: a → lock 1 → b → lock 2 → a \(seen at most \d+ ms after it closed\)$/);
      latencies.push(cycle.latencyMs);
    }
    // The median: a machine that is busy otherwise may oversleep now and then, and says so.
    expect(latencies.sort((a, b) => a - b)[12]).toBeLessThan(100);
  });

  it('a circle that opens again accuses nobody', async () => {
    let waits: readonly Wait[] = circle;
    const dog = new Watchdog({ subject: { waits: () => waits }, patienceMs: 100 });
    dog.watch([{ what: 'a', answer: after(60) }]);
    setTimeout(() => (waits = []), 25);
    expect(await dog.settled()).toEqual({ kind: 'answered' });
    dog.stop();
  });

  it('a circle in which no call is open accuses nobody', async () => {
    const dog = new Watchdog({ subject: { waits: () => circle }, patienceMs: 100 });
    await after(100);
    expect(dog.blocked).toBeUndefined();
    dog.stop();
  });

  it('may be told later', async () => {
    const dog = new Watchdog({ subject: { waits: async () => (await after(1), circle) }, patienceMs: 60 });
    dog.begin('a');
    expect(await dog.settled()).toMatchObject({ kind: 'blocked' });
  });

  it('a circle that is there at every look accuses nobody, as long as each call ends: two calls may have one name', async () => {
    const dog = new Watchdog({ subject: { waits: () => circle }, patienceMs: 100 });
    const began = performance.now();
    while (performance.now() - began < 400) {
      dog.watch([{ what: 'a', answer: after(20) }]);
      await after(10);
    }
    expect(dog.blocked).toBeUndefined();
    dog.stop();
  });

  it('a loop that is blocked meanwhile makes the bound larger, not wrong', async () => {
    let waits: readonly Wait[] = [];
    const dog = new Watchdog({ subject: { waits: () => waits }, patienceMs: 60 });
    dog.begin('a');
    await after(50);
    waits = circle;
    for (const end = performance.now() + 200; performance.now() < end; );
    expect((await dog.settled() as { cycle: { latencyMs: number } }).cycle.latencyMs).toBeGreaterThanOrEqual(200);
  });
});
