import { describe, expect, it } from 'vitest';
import { regular } from './arrivals.js';
import { openLoad, type Block, type OpenLoad } from './open-load.js';
import { stolenTime, thisMachine } from './machine.js';
import { Timeline } from './timeline.js';
import { SimulatedMachine } from './testing/simulated-machine.js';

const load = (machine: SimulatedMachine, call: (number: number) => unknown, more: Partial<OpenLoad> = {}): Promise<Block> =>
  openLoad(machine, { arrivals: regular(1_000, 1_000).map((at) => ({ at, stream: 0 })), streams: [{ name: 'calls', call, isRight: (answer) => answer !== 'wrong' }], warmUpMs: 0, mostOpen: 10_000, drainMs: 200, ...more });

const totals = ({ samples }: Block): number[] => samples.map(({ due, ended }) => ended - due);

describe('open load', () => {
  it('shows one stall in all that came while it lasted: no coordinated omission', async () => {
    const machine = new SimulatedMachine();
    const block = await load(machine, (number) => machine.work(number === 500 ? 100 : 0.001));
    expect(block.samples).toHaveLength(1_000);
    // One call a millisecond came during 100 ms, and waited 99, 98, …: a generator that waits for answers would have seen one slow call.
    expect(totals(block).filter((total) => total > 5).length).toBeGreaterThan(90);
    expect(totals(block).filter((total) => total > 5).length).toBeLessThan(105);
    // The queue has them, the service does not.
    expect(block.samples.filter(({ started, ended }) => ended - started > 5)).toHaveLength(1);
    expect(block.samples.filter(({ started, due }) => started - due > 5).length).toBeGreaterThan(90);
    expect(block.samples.every(({ right, stolen }) => right && stolen === 0)).toBe(true);
    expect(block.achieved).toBe(1);
  });

  it('waits for answers that come later, and does not stop calling meanwhile', async () => {
    const machine = new SimulatedMachine();
    const block = await load(machine, () => machine.sleep(20));
    expect(Math.min(...totals(block))).toBeGreaterThanOrEqual(20);
    expect(Math.max(...totals(block))).toBeLessThan(20.3);
  });

  it('counts refusals, wrong answers and silence as failures', async () => {
    const machine = new SimulatedMachine();
    const block = await load(machine, (number) => {
      if (number === 1) throw new Error('refused');
      if (number === 2) return 'wrong';
      if (number === 3) return Promise.reject(new Error('refused'));
      if (number === 4) return new Promise(() => undefined);
      // Twice is once.
      if (number === 5) return { then: (yes: () => void, no: () => void) => (yes(), no()) };
      return undefined;
    });
    expect(block.samples.flatMap(({ right }, i) => (right ? [] : [i]))).toEqual([1, 2, 3, 4]);
    // What was never answered took until the end.
    expect(totals(block)[4]).toBeGreaterThan(1_000);
  });

  it('is bounded: in time, and in how many calls are under way', async () => {
    const machine = new SimulatedMachine();
    let open = 0;
    const block = await load(machine, () => (open++, new Promise(() => undefined)), { mostOpen: 10 });
    expect(open).toBe(10);
    expect(block.elapsedMs).toBeLessThan(1_300);
    expect(block.samples.every(({ right }) => !right)).toBe(true);
    expect(block.achieved).toBeLessThan(0.02);
  });

  it('ends in time even if every call takes longer than there is between two', async () => {
    const machine = new SimulatedMachine();
    const block = await load(machine, () => machine.work(2));
    expect(block.elapsedMs).toBeLessThan(1_210);
    expect(block.achieved).toBeLessThan(0.7);
  });

  it('leaves out what was due during the warm-up, even if it ended after it', async () => {
    const machine = new SimulatedMachine();
    const block = await load(machine, (number) => machine.work(number === 0 ? 300 : 0.001), { warmUpMs: 100 });
    expect(block.samples).toHaveLength(900);
    expect(Math.max(...totals(block))).toBeGreaterThan(190);
  });

  it('says how much of a latency the machine may have taken', async () => {
    const machine = new SimulatedMachine();
    let turns = 0;
    machine.meanwhile = () => void (++turns % 1_000 === 0 && machine.steal(8));
    const block = await load(machine, () => machine.work(0.001));
    const late = block.samples.filter(({ due, ended }) => ended - due > 3);
    expect(late.length).toBeGreaterThan(20);
    for (const { due, ended, stolen } of late) expect(ended - due - stolen).toBeLessThan(1);
    expect(block.stolenMs).toBeGreaterThan(50);
    expect(block.longestGapMs).toBeGreaterThan(8);
  });
});

describe('what the machine takes', () => {
  it('is what the kernel says, or what the processor has not worked, whichever is more', () => {
    let [now, user, delay] = [0, 0, 0];
    const withKernel = stolenTime(() => delay, () => now, () => ({ user, system: 0 }));
    const without = stolenTime(undefined, () => now, () => ({ user, system: 0 }));
    [now, user, delay] = [10, 10_000, 0];
    expect([withKernel(), without()]).toEqual([0, 0]);
    // In line for a processor for 4 ms; a helper has worked meanwhile, so that the process as a whole has missed nothing.
    [now, user, delay] = [20, 20_000, 4];
    expect([withKernel(), without()]).toEqual([4, 0]);
    // Three milliseconds are nowhere.
    [now, user, delay] = [30, 27_000, 4];
    expect([withKernel(), without()]).toEqual([7, 3]);
  });

  it('is kept by moments', () => {
    const machine = new SimulatedMachine();
    const timeline = new Timeline(machine);
    machine.work(1);
    timeline.look(machine.now());
    machine.steal(5);
    timeline.look(machine.now());
    machine.work(1);
    timeline.end();
    expect(timeline.stolenMs).toBe(5);
    expect(timeline.stolenWithin(2, 4)).toBeCloseTo(2, 1);
    expect(timeline.stolenWithin(0, 7)).toBeCloseTo(5, 1);
    expect(timeline.stolenWithin(0, 0.5)).toBe(0);
    expect(timeline.stolenWithin(3, 3)).toBe(0);
  });

  it('of this machine only grows', async () => {
    const machine = thisMachine();
    const [before, at] = [machine.stolen(), machine.now()];
    await machine.turn();
    expect(machine.stolen()).toBeGreaterThanOrEqual(before);
    expect(machine.now()).toBeGreaterThan(at);
    expect(machine.clock.now()).toBeGreaterThan(at);
    await new Promise<void>((resolve) => {
      machine.clock.clearTimeout(machine.clock.setTimeout(() => expect.unreachable(), 0));
      machine.clock.setTimeout(resolve, 1);
    });
  });
});
