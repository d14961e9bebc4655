import { describe, expect, it } from 'vitest';
import type { Observed } from '../engine/registry-history.js';
import type { Operation } from '../../model/index.js';
import type { Entry } from '../linearizability/index.js';
import { timelineOf } from './timeline.js';

type Call = Entry<Operation, Observed>;
const done: Observed = { kind: 'done', value: undefined };
const register = (id: number, start: number, end: number, name = 's1', response: Observed = done): Call => ({ id, actor: `client ${id}`, invocation: { op: 'registerServer', id: name, endpoint: `e${id}` }, response: end === Infinity ? undefined : response, start, end });

describe('a timeline', () => {
  it('has a lane for each client, the longest order, and what cannot follow in it', () => {
    const timeline = timelineOf([register(10, 5, 20), register(2, 0, 10)], { unit: 'steps' });
    expect(timeline).toMatchObject({ lanes: ['client 2', 'client 10'], outOf: 2, ordered: true });
    expect(timeline.operations.map(({ lane, start }) => [lane, start])).toEqual([[0, 0], [1, 5]]);
    // Both were told that the name is theirs: one has a place, the other has none.
    expect(timeline.operations.filter(({ place }) => place === 0)).toHaveLength(1);
    expect(timeline.operations.filter(({ stuck }) => stuck === true)).toHaveLength(1);
  });

  it('begins at zero, leaves an unknown end away, and marks what contradicts itself', () => {
    const calls = [register(1, 1_000, 1_010), register(2, 1_020, 1_030), register(3, 1_005, Infinity, 's2')];
    const { operations } = timelineOf(calls, { unit: 'ns', core: calls.slice(0, 2) });
    expect(operations[0]).toMatchObject({ start: 0, end: 10, core: true, text: 'registerServer("s1", e1)', answer: 'done' });
    expect(operations.find(({ text }) => text.includes('s2'))).not.toHaveProperty('end');
  });

  it('says so where there is no order to be shown', () => {
    const list: Call = { id: 1, actor: 'client 1', invocation: { op: 'listServers' }, response: { kind: 'done', value: [] }, start: 0, end: 1 };
    expect(timelineOf([list, { ...list, id: 2, invocation: { op: 'close' }, start: 2, end: 3 }], { unit: 'steps' })).toMatchObject({ ordered: false, outOf: 2 });
    expect(timelineOf([register(1, 0, 1)], { unit: 'steps' }).ordered).toBe(false);
  });

  it('keeps of a long history what is nearest to what is wrong', () => {
    const calls = [...Array.from({ length: 300 }, (_, i) => register(i, i * 10, i * 10 + 5, `n${i}`)), register(500, 2_001, 2_002, 'n200')];
    const { operations, outOf } = timelineOf(calls, { unit: 'ns', most: 20 });
    expect([operations.length, outOf]).toEqual([20, 301]);
    expect(operations.some(({ stuck }) => stuck === true)).toBe(true);
  });

  it('lets nothing of a registry through that is not plain', () => {
    const { operations } = timelineOf([register(1, 0, 1, 'a\u0000\u202e', done)], { unit: 'ns' });
    expect(operations[0]!.text).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});
