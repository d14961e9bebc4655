import type { AdmissionMode, ContentionStatus, PartitionStats } from '../spec/index.js';
import { describe, expect, it } from 'vitest';
import { describe as describeState, type ModelOptions, type Operation, type RegistryState } from './index.js';
import { advance, bind, done, down, findServer, play, refused, server, transport } from './testing/play.js';

/** Two writes to the partition of an id, and its name as before. */
const twoWrites = (id: string, takes: number): Operation[] => [server(id, 'e1', { takes }), { op: 'unregisterServer', id, takes }];
const writes = (id: string, count: number, takes: number): Operation[] => Array.from({ length: count / 2 }, () => twoWrites(id, takes)).flat();

// Ids `0`, `1`, … belong to the partition of that number.
const four: ModelOptions = { partitions: 4, partitionOf: Number, thresholds: { windowMs: 100_000 } };
const single: ModelOptions = { partitions: 1, thresholds: { windowMs: 100_000 } };

const value = (operation: Operation, state: RegistryState, options: ModelOptions): unknown => {
  const { last } = play([operation], options, state);
  return last.kind === 'done' ? last.value : last.codes;
};
const stats = (state: RegistryState, options = single): PartitionStats[] => value({ op: 'getPartitionStats' }, state, options) as PartitionStats[];
const status = (state: RegistryState, options = single): ContentionStatus => value({ op: 'getContentionStatus' }, state, options) as ContentionStatus;
const setTo = (mode: AdmissionMode): Operation => ({ op: 'setAdmission', mode });

describe('statistics', () => {
  it('STA-1: counts what changed something, where its id belongs', () => {
    const { state } = play([
      server('0', 'e1'), transport('1', 'e1'), bind('1', '0'), server('0', 'e2'), { op: 'unregisterServer', id: '3' }, { op: 'unbindTransport', transportId: '2' },
      { op: 'updateServer', id: '0', config: {} }, { op: 'updateServer', id: '3', config: {} }, { op: 'unbindTransport', transportId: '1' }, findServer('0'), down('e1'),
    ], four);
    expect(stats(state, four).map(({ writeCount }) => writeCount)).toEqual([2, 3, 0, 0]);
  });

  it('STA-2, STA-3, CTN-9: keeps the last ten, with least, mean and greatest', () => {
    const { state } = play([...writes('a', 2, 7), ...writes('a', 8, 10), server('a', 'e1', { takes: 20 }), server('b', 'e1', { takes: 30 })], single);
    expect(stats(state)).toEqual([
      { partition: 0, writeCount: 12, sampleCount: 10, samples: [10, 10, 10, 10, 10, 10, 10, 10, 20, 30], min: 10, mean: 13, max: 30, alarm: false },
    ]);
    expect(state.now).toBe(144);
  });

  it('STA-3: zero when there is nothing', () => {
    expect(stats(play([]).state, {})[15]).toEqual({ partition: 15, writeCount: 0, sampleCount: 0, samples: [], min: 0, mean: 0, max: 0, alarm: false });
  });

  it('STA-5: a reset leaves names and bindings alone, and ends an alarm', () => {
    const { state } = play([...writes('a', 10, 200), server('a', 'e1'), transport('t', 'e1'), bind('t', 'a')], single);
    expect(stats(state)[0]!.alarm).toBe(true);
    const after = play([{ op: 'resetStats' }], single, state).state;
    expect(stats(after)[0]).toMatchObject({ writeCount: 0, sampleCount: 0, alarm: false });
    expect(after.names).toBe(state.names);
    expect(after.bindings).toBe(state.bindings);
  });

  it('lets time pass for a write that changes nothing, and for none that is refused', () => {
    expect(play([{ op: 'unregisterServer', id: 'a', takes: 50 }]).state).toMatchObject({ now: 50 });
    expect(play([{ op: 'updateServer', id: 'a', config: {}, takes: 50 }]).state).toMatchObject({ now: 0 });
  });
});

describe('alarm', () => {
  it('CTN-1, CTN-2: ten writes and a mean above 100 ms', () => {
    expect(stats(play(writes('a', 8, 101), single).state)[0]!.alarm).toBe(false);
    expect(stats(play(writes('a', 10, 101), single).state)[0]!.alarm).toBe(true);
    expect(stats(play(writes('a', 10, 100), single).state)[0]!.alarm).toBe(false);
  });

  it('CTN-3: a write in flight for longer than 500 ms, until it commits', () => {
    // Counted from the call, whenever that was.
    const stalled = play([advance(300), { op: 'stall', partition: 0 }, advance(500)], single).state;
    expect(stats(stalled)[0]!.alarm).toBe(false);
    const stuck = play([advance(1)], single, stalled).state;
    expect(stats(stuck)[0]).toMatchObject({ alarm: true, writeCount: 0 });
    const after = play([{ op: 'stall', partition: 0 }, advance(9), { op: 'unstall', partition: 0 }], single, stuck).state;
    expect(stats(after)[0]).toMatchObject({ alarm: false, writeCount: 2, samples: [510, 9] });
    expect(play([{ op: 'unstall', partition: 0 }], single, after).state).toEqual(after);
  });

  it('CTN-4, CTN-5: a sample goes one second after its commit, and the alarm with the last of them', () => {
    const options: ModelOptions = { partitions: 1, thresholds: { minWrites: 2 } };
    const { state } = play(writes('a', 2, 300), options);
    expect(stats(state)[0]).toMatchObject({ samples: [300, 300], alarm: true });
    const at = (ms: number) => stats(play([advance(ms)], options, state).state)[0]!;
    expect(at(699)).toMatchObject({ sampleCount: 2, alarm: true });
    expect(at(700)).toMatchObject({ sampleCount: 1, alarm: true });
    expect(at(999)).toMatchObject({ sampleCount: 1, alarm: true });
    expect(at(1000)).toMatchObject({ sampleCount: 0, writeCount: 2, alarm: false });
  });

  it('CTN-7: every threshold is an option', () => {
    const options: ModelOptions = { partitions: 1, thresholds: { windowSize: 2, windowMs: 50, minWrites: 3, alarmAboveMs: 5, stuckAfterMs: 9, closeAbove: 0 } };
    const { state } = play([...writes('a', 2, 6), server('a', 'e1', { takes: 6 })], options);
    expect(stats(state, options)[0]).toMatchObject({ samples: [6, 6], alarm: true });
    expect(status(state, options).admission).toBe('closed');
    expect(stats(play([advance(50)], options, state).state, options)[0]).toMatchObject({ samples: [], alarm: false });
    expect(stats(play([{ op: 'stall', partition: 0 }, advance(10)], options).state, options)[0]!.alarm).toBe(true);
  });
});

describe('admission', () => {
  const slow = (...ids: string[]): Operation[] => ids.flatMap((id) => writes(id, 10, 150));

  it('ADM-1, ADM-2, CTN-10: closes above half, not at half', () => {
    const half = play(slow('0', '2'), four).state;
    expect(status(half, four)).toEqual({ partitions: 4, alarmed: [0, 2], admission: 'open', mode: 'auto' });
    // The write that makes it a majority is still admitted.
    const { state, outcomes } = play([...slow('3'), server('1', 'e1'), transport('1', 'e1')], four, half);
    expect(outcomes.slice(0, -2).every(({ kind }) => kind === 'done')).toBe(true);
    expect(outcomes.slice(-2)).toEqual([refused('admission_control_active'), refused('admission_control_active')]);
    expect(status(state, four)).toEqual({ partitions: 4, alarmed: [0, 2, 3], admission: 'closed', mode: 'auto' });
  });

  it('ADM-4: reopens by itself, by time alone', () => {
    const { state } = play(slow('0', '2', '3'), four);
    expect(status(play([advance(99_000)], four, state).state, four).admission).toBe('open');
    expect(status(play([advance(1)], four, state).state, four).admission).toBe('closed');
  });

  it('ADM-1, CTN-3: stuck partitions count as well, and reopen on commit', () => {
    const stuck = play([0, 1, 2].map((partition): Operation => ({ op: 'stall', partition })).concat(advance(501)), four).state;
    expect(status(stuck, four)).toMatchObject({ alarmed: [0, 1, 2], admission: 'closed' });
    expect(status(play([{ op: 'unstall', partition: 1 }], four, stuck).state, four)).toMatchObject({ alarmed: [0, 2], admission: 'open' });
  });

  it('ADM-3: closed, everything but registration works as ever', () => {
    const { outcomes } = play([
      server('s', 'e1'), transport('t', 'e1'), setTo('closed'), findServer('s'), { op: 'updateServer', id: 's', config: {} }, bind('t', 's'),
      { op: 'broadcast', serverId: 's', message: 'm' }, { op: 'unbindTransport', transportId: 't' }, { op: 'listServers' }, { op: 'unregisterServer', id: 's' },
    ]);
    expect(outcomes.every(({ kind }) => kind === 'done')).toBe(true);
  });

  it('ADM-5, ADM-6: by hand, whatever the alarms say', () => {
    const contended = play(slow('0', '2', '3'), four).state;
    const by = (mode: AdmissionMode, state: RegistryState) => play([setTo(mode), server('1', 'e1')], four, state).last;
    expect(by('open', contended)).toEqual(done());
    expect(by('auto', contended)).toEqual(refused('admission_control_active'));
    expect(by('closed', play([], four).state)).toEqual(refused('admission_control_active'));
    expect(play([setTo('closed'), advance(1), setTo('auto'), server('1', 'e1')], four).last).toEqual(done());
    expect(status(play([setTo('open'), advance(1)], four, contended).state, four)).toMatchObject({ admission: 'open', mode: 'open', alarmed: [0, 2, 3] });
  });

  it('can be set from the start', () => {
    expect(play([server('1', 'e1')], { admission: 'closed' }).last).toEqual(refused('admission_control_active'));
    expect(status(play([], { admission: 'open' }).state).mode).toBe('open');
  });
});

describe('describe', () => {
  it('tells a state in lines', () => {
    const { state } = play([
      server('s1', 'e1', { config: { a: 1 }, takes: 150 }), transport('t1', 'e2'), bind('t1', 's1'), transport('t2', 'e1', { config: { b: 2 } }),
      down('e3'), { op: 'stall', partition: 2 }, advance(600),
    ]);
    expect(describeState(state)).toEqual([
      'server s1 → e1 {"a":1}', 'transport t1 → e2, bound to s1', 'transport t2 → e1 {"b":2}', 'down: e3',
      'partition 0: 4 writes, window [150, 0, 0, 0]', 'partition 2: 0 writes, window [], in flight since 150 ms, alarm', 'admission open (auto)', 'time 750 ms',
    ]);
    expect(describeState(play([setTo('closed'), { op: 'close' }]).state)).toEqual(['admission closed (by hand)', 'registry closed', 'time 0 ms']);
  });
});
