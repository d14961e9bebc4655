import { describe, expect, it } from 'vitest';
import { check, checkAsync } from './check.js';
import type { Model } from './model.js';
import type { Entry, History } from './history.js';
import { manyClients } from './testing/histories.js';
import { keyValue, register, type KeyCall, type RegisterAnswer, type RegisterCall } from './testing/models.js';

// How long judging takes: apart from what it says, since these tests say nothing on a machine that is busy.

describe('a check ends in time', () => {
  /** Writes that all overlap, and a read of what nobody wrote: every order has to be tried. */
  const hard = Array.from({ length: 14 }, (_, i): Entry<RegisterCall, RegisterAnswer> => ({
    id: i, actor: `c${i}`, invocation: i === 0 ? { op: 'read' } : { op: 'write', value: i }, response: i === 0 ? 99 : 'done', start: 0, end: 1,
  }));

  it('even if the model is slow', () => {
    const slow: typeof register = { ...register, step: (...call) => { for (const until = performance.now() + 0.2; performance.now() < until; ); return register.step(...call); } };
    const began = performance.now();
    const fresh = Array.from({ length: 200 }, (_, i): Entry<RegisterCall, RegisterAnswer> => ({ ...hard[1]!, id: i, invocation: { op: 'cas', from: i, to: i + 1 }, response: false, start: i % 7, end: 100 }));
    expect(check({ initial: slow.initial, step: slow.step }, [...hard, ...fresh], { milliseconds: 50 }).verdict).toBe('unknown');
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('when somebody else gives it up', async () => {
    const endless = Array.from({ length: 40 }, (_, i): Entry<KeyCall, string> => ({ id: i, actor: `c${i}`, invocation: { op: i === 0 ? 'get' : 'append', key: 'a', value: `${i}` }, response: i === 0 ? 'x' : '', start: 0, end: 1 }));
    const began = performance.now();
    expect((await checkAsync(keyValue, endless, { signal: AbortSignal.timeout(50) })).verdict).toBe('unknown');
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe('100,000 operations by 32 clients', () => {
  const judged = <S, I, O>(model: Model<S, I, O>, history: History<I, O>): string => {
    const began = performance.now();
    const { verdict } = check(model, history);
    expect(performance.now() - began).toBeLessThan(2_000);
    return verdict;
  };

  it('of one register are judged without recursion', () => {
    const history = Array.from({ length: 100_000 }, (_, i): Entry<RegisterCall, RegisterAnswer> => ({
      id: i, actor: `c${i % 32}`, start: i - ((i * 31) % 8), end: i + 1 + ((i * 17) % 8),
      ...(i % 2 === 0 ? { invocation: { op: 'write', value: i % 1_000 }, response: 'done' } : { invocation: { op: 'read' }, response: (i - 1) % 1_000 }),
    }));
    expect(judged(register, history)).toBe('linearizable');
  });

  it('of many keys are judged in two seconds, right or wrong', () => {
    const history = manyClients({ operations: 100_000, clients: 32, keys: 100, seed: 1 });
    expect(judged(keyValue, history)).toBe('linearizable');
    const at = history.findLastIndex(({ invocation }) => invocation.op === 'get');
    expect(judged(keyValue, history.with(at, { ...history[at]!, response: 'never written' }))).toBe('violated');
  });
});
