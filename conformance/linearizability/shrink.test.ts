import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from './check.js';
import { shrink } from './shrink.js';
import type { Entry } from './history.js';
import { registerHistories } from './testing/histories.js';
import { register, type RegisterAnswer, type RegisterCall } from './testing/models.js';
import { cases } from '../testing/cases.js';

describe('a history that is shrunk', () => {
  it('is violated still, and nothing in it is new', () => {
    let shrunk = 0;
    fc.assert(
      fc.property(registerHistories({ most: 9 }), (history) => {
        fc.pre(check(register, history).verdict === 'violated');
        const small = shrink(register, history);
        expect(check(register, small).verdict).toBe('violated');
        for (const entry of small) {
          const { response, end, ...rest } = history.find(({ id }) => id === entry.id)!;
          expect(entry).toMatchObject(rest);
          expect([response, undefined]).toContain(entry.response);
          expect([end, Infinity]).toContain(entry.end);
        }
        shrunk += history.length - small.length;
      }),
      { numRuns: cases(1_000) },
    );
    expect(shrunk).toBeGreaterThan(cases(1_000));
  });

  it('never accuses: each of its steps leaves right what was right', () => {
    fc.assert(
      fc.property(registerHistories({ most: 7 }), fc.nat(), fc.nat(20), (history, which, time) => {
        fc.pre(check(register, history).verdict === 'linearizable' && history.length > 0);
        const chosen = history[which % history.length]!;
        const weaker = (entry: Entry<RegisterCall, RegisterAnswer>): Entry<RegisterCall, RegisterAnswer> => ({ ...entry, response: undefined, end: Infinity });
        expect(check(register, history.map((entry) => (entry === chosen ? weaker(entry) : entry))).verdict).toBe('linearizable');
        expect(check(register, history.filter(({ start }) => start <= time).map((entry) => (entry.end <= time ? entry : weaker(entry)))).verdict).toBe('linearizable');
        if (register.isRead!(chosen.invocation, chosen.response)) expect(check(register, history.filter((entry) => entry !== chosen)).verdict).toBe('linearizable');
      }),
      { numRuns: cases(2_000) },
    );
  });

  it('ends with the stale read, and has no other, out of a thousand operations', () => {
    const operations = cases(1_000);
    const stale = 0.6 * operations + 1;
    const history = Array.from({ length: operations }, (_, i): Entry<RegisterCall, RegisterAnswer> => ({
      id: i, actor: `c${i % 4}`, start: 2 * i, end: 2 * i + 1,
      ...(i % 2 === 0 ? { invocation: { op: 'write', value: i }, response: 'done' } : { invocation: { op: 'read' }, response: i === stale ? stale - 3 : i - 1 }),
    }));
    expect(shrink(register, history, { milliseconds: Infinity }).map(({ id }) => id)).toEqual([stale - 3, stale - 1, stale]);
  });

  it('ends where the fault first shows, and does not depend on the order in which it is told', () => {
    let later = 0;
    fc.assert(
      fc.property(registerHistories({ most: 9 }), (history) => {
        fc.pre(check(register, history).verdict === 'violated');
        const until = (time: number): Entry<RegisterCall, RegisterAnswer>[] =>
          history.flatMap((entry) => (entry.start > time ? [] : entry.end <= time ? [entry] : [{ ...entry, response: undefined, end: Infinity }]));
        const fault = Math.min(...history.map(({ end }) => end).filter((end) => check(register, until(end)).verdict === 'violated'));
        const small = shrink(register, history);
        for (const { start, end } of small) expect(start <= fault && (end <= fault || end === Infinity)).toBe(true);
        if (history.some(({ start }) => start > fault)) later++;
        // Those that start at one time may come in any order.
        const starts = new Set(history.map(({ start }) => start));
        if (starts.size === history.length) expect(shrink(register, history.toReversed())).toEqual(small);
      }),
      { numRuns: cases(1_000) },
    );
    expect(later).toBeGreaterThan(cases(100));
  });

  it('asks the model no more than at present', () => {
    const history = Array.from({ length: 60 }, (_, i): Entry<RegisterCall, RegisterAnswer> => ({
      id: i, actor: `c${i % 4}`, start: 2 * i, end: i % 9 === 8 ? Infinity : 2 * i + 3,
      ...(i % 2 === 0 ? { invocation: { op: 'write', value: i } } : { invocation: { op: 'read' } }), response: i % 9 === 8 ? undefined : i % 2 === 0 ? 'done' : i === 41 ? 34 : i - 1,
    }));
    let asked = 0;
    const counted: typeof register = { ...register, step: (...call) => (asked++, register.step(...call)) };
    expect(shrink(counted, history, { milliseconds: Infinity }).map(({ id }) => id)).toEqual([34, 38, 41]);
    expect(asked).toBeLessThanOrEqual(9_539);
  });

  it('keeps what explains all but any one of what was seen', () => {
    const lost = [1, 2, 3].map((value): Entry<RegisterCall, RegisterAnswer> => ({ id: value, actor: `w${value}`, invocation: { op: 'write', value }, response: undefined, start: 0, end: Infinity }));
    const reads = [1, 2, 1].map((value, i): Entry<RegisterCall, RegisterAnswer> => ({ id: 10 + i, actor: 'r', invocation: { op: 'read' }, response: value, start: 10 + 2 * i, end: 11 + 2 * i }));
    expect(shrink(register, [...lost, ...reads]).map(({ id }) => id)).toEqual([1, 2, 10, 11, 12]);
  });

  it('keeps what explains all others, where one is no read', () => {
    const swap = (to: number, start: number): Entry<RegisterCall, RegisterAnswer> => ({ id: to, actor: `c${to}`, invocation: { op: 'cas', from: 1, to }, response: true, start, end: start + 1 });
    const lost = [10, 11, 90].map((id): Entry<RegisterCall, RegisterAnswer> => ({ id, actor: `w${id}`, invocation: { op: 'write', value: Math.floor(id / 10) }, response: undefined, start: 0, end: Infinity }));
    const shown = (...history: Entry<RegisterCall, RegisterAnswer>[]): number[] => shrink(register, history).map(({ id }) => id);
    expect(shown(lost[0]!, lost[2]!, swap(2, 10), swap(3, 20))).toEqual([10, 2, 3]);
    expect(shown(...lost, swap(2, 10), swap(3, 20), swap(4, 30))).toEqual([10, 11, 2, 3, 4]);
  });

  it('needs no model that knows reads', () => {
    const write = (value: number, start: number): Entry<RegisterCall, RegisterAnswer> => ({ id: value, actor: 'w', invocation: { op: 'write', value }, response: 'done', start, end: start + 1 });
    const stale: Entry<RegisterCall, RegisterAnswer> = { id: 9, actor: 'r', invocation: { op: 'read' }, response: 1, start: 10, end: 11 };
    expect(shrink({ initial: register.initial, step: register.step.bind(register) }, [write(1, 0), write(2, 2), write(3, 4), stale]).filter(({ end }) => end !== Infinity).map(({ id }) => id)).toEqual([1, 3, 9]);
  });

  it('keeps what explains what was seen, lost as it was, and nothing else that was lost', () => {
    const entry = (id: number, invocation: RegisterCall, response: RegisterAnswer | undefined, start: number): Entry<RegisterCall, RegisterAnswer> => ({ id, actor: `c${id}`, invocation, response, start, end: response === undefined ? Infinity : start + 1 });
    const lost = Array.from({ length: 20 }, (_, i) => entry(100 + i, { op: 'write', value: 100 + i }, undefined, i));
    const small = shrink(register, [...lost, entry(1, { op: 'read' }, 105, 30), entry(2, { op: 'write', value: 2 }, 'done', 32), entry(3, { op: 'read' }, 110, 34), entry(4, { op: 'read' }, 105, 36)]);
    expect(small.map(({ id }) => id)).toEqual([105, 1, 2, 4]);
  });

  it('has nothing left that could be left out, of 500 histories with lost operations', () => {
    fc.assert(
      fc.property(registerHistories({ most: 9, lostOfTen: 4 }), (history) => {
        fc.pre(check(register, history).verdict === 'violated');
        const small = shrink(register, history);
        expect(check(register, small).verdict).toBe('violated');
        const core = small.filter(({ end }) => end !== Infinity);
        for (const one of core) {
          const doubted = small.flatMap((entry) => (entry !== one ? [entry] : register.isRead!(one.invocation, one.response) ? [] : [{ ...one, response: undefined, end: Infinity }]));
          expect(check(register, doubted).verdict).toBe('linearizable');
        }
      }),
      { numRuns: cases(500) },
    );
  });

  it('is what was there if it is not violated, or cannot be judged in time', () => {
    const right: Entry<RegisterCall, RegisterAnswer>[] = [{ id: 1, actor: 'c', invocation: { op: 'write', value: 1 }, response: 'done', start: 0, end: 1 }];
    expect(shrink(register, right)).toEqual(right);
    const wrong: typeof right = [...right, { id: 2, actor: 'c', invocation: { op: 'read' }, response: 2, start: 2, end: 3 }];
    expect(shrink(register, wrong, { milliseconds: 0 })).toEqual(wrong);
    expect(shrink(register, wrong)).toEqual([wrong[1]]);
  });

  it('is two writes and the read that is stale, where there are few', () => {
    const write = (value: number, start: number): Entry<RegisterCall, RegisterAnswer> => ({ id: value, actor: 'w', invocation: { op: 'write', value }, response: 'done', start, end: start + 1 });
    const read = (id: number, response: number, start: number): Entry<RegisterCall, RegisterAnswer> => ({ id, actor: 'r', invocation: { op: 'read' }, response, start, end: start + 1 });
    const small = shrink(register, [write(1, 0), read(11, 1, 2), write(2, 4), read(12, 2, 6), write(3, 8), read(13, 2, 10), write(4, 12), read(14, 4, 14)]);
    expect(small.filter(({ end }) => end !== Infinity).map(({ id }) => id)).toEqual([2, 3, 13]);
  });
});
