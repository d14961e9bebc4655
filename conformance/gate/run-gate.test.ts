import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { randomFrom, type Random } from '../schedules/choosers.js';
import type { Counters } from './counters.js';
import { GateProcess, ProcessFailure, type Start } from './process.js';
import { gateMarkdown, renderGate } from './report.js';
import { turnsOfBatch } from './rounds.js';
import { gateDefaults, runGate, type GateOptions, type GateReport } from './run-gate.js';

/** A machine on which nothing is run, so that no verdict is that of the machine under the test. */
interface Machine {
  /** Milliseconds of a unit of size 1, in one process: of the baseline `before`, of the candidate `after`. */
  readonly unitMs?: (build: string, random: Random) => number;
  /** By how much everything is slower at a time of the machine, in milliseconds. */
  readonly slower?: (now: number) => number;
  /** Milliseconds of a batch, where it is not its units that take the time. */
  readonly batchMs?: number;
  readonly calibrated?: number;
  readonly counters?: (build: string, random: Random) => Counters;
}

interface Watched {
  readonly start: Start;
  /** How many processes there have been, and how many of them are still there. */
  readonly processes: { started: number; living: number };
}

function machine({ unitMs = () => 0.0035, slower = () => 1, batchMs, calibrated = 1_000, counters = () => ({ turns: 1 }) }: Machine): Watched {
  const random = randomFrom(5);
  const processes = { started: 0, living: 0 };
  let now = 0;
  const start: Start = (build) => {
    processes.started++;
    processes.living++;
    const ms = unitMs(build, random);
    let size = 0;
    const answer = (question: Parameters<ReturnType<Start>['ask']>[0]): unknown => {
      switch (question.kind) {
        case 'offers':
          return ['lookup'];
        case 'calibrate':
          return calibrated;
        case 'prepare':
          return void (size = question.size);
        case 'measure': {
          const took = batchMs === undefined ? size * question.units * ms * slower(now) * (1 + 0.01 * (random() - 0.5)) : batchMs / turnsOfBatch;
          now += took;
          return took;
        }
        case 'count':
          return counters(build, random);
      }
    };
    return { ask: <T>(question: Parameters<ReturnType<Start>['ask']>[0]) => Promise.resolve(answer(question) as T), end: () => void processes.living-- };
  };
  return { start, processes };
}

const gate = ({ start }: Watched, options: Partial<GateOptions> = {}): Promise<GateReport> => runGate({ ...gateDefaults, baseline: 'before', candidate: 'after', seed: 1, workloads: ['lookup'], start, ...options });
const shortest = ({ workloads }: GateReport): number => Math.min(...workloads[0]!.times.first.flatMap((times) => Object.values(times).flat()));
const texts = (report: GateReport): string[] => [renderGate(report, pc.createColors(false)), gateMarkdown(report)];

describe('a whole run, on a simulated machine', () => {
  it('passes a build that is itself: eight rounds of fresh processes, there and back, batches of 50 ms', async () => {
    const on = machine({});
    const report = await gate(on);
    expect([report.verdict, report.reason, report.workloads[0]!.verdict, report.workloads[0]!.rounds]).toEqual(['pass', undefined, 'pass', 8]);
    for (const times of report.workloads[0]!.times.first) for (const arm of ['baseline', 'candidate', 'control', 'planted']) expect(times[arm]).toHaveLength(2 * gateDefaults.blocks);
    expect(shortest(report)).toBeGreaterThanOrEqual(50);
    // Two that say what they offer, four that count, two that calibrate.
    expect(on.processes).toEqual({ started: 8 + 8 * 4, living: 0 });
    for (const text of texts(report)) expect(text).toContain('seed 1,');
  });

  it('can tell although a neighbour comes and goes, for tenths of seconds, and makes everything slower by half', async () => {
    const neighbour = randomFrom(9);
    let until = 0;
    let factor = 1;
    const slower = (now: number): number => {
      if (now >= until) [until, factor] = [now + 100 + 400 * neighbour(), neighbour() < 0.5 ? 1 : 1.5];
      return factor;
    };
    for (const [by, verdict] of [[1, 'pass'], [1.2, 'regression']] as const) {
      until = 0;
      const report = await gate(machine({ slower, unitMs: (build) => (build === 'after' ? 0.0035 * by : 0.0035) }));
      expect([report.verdict, report.workloads[0]!.rounds]).toEqual([verdict, verdict === 'pass' ? 8 : 16]);
    }
  });

  it('blocks what is slower in a first run and in a second, and shows both', async () => {
    const report = await gate(machine({ unitMs: (build) => (build === 'after' ? 0.0042 : 0.0035) }));
    expect([report.verdict, report.workloads[0]!.second!.verdict, report.workloads[0]!.rounds]).toEqual(['regression', 'slower', 16]);
    for (const text of texts(report)) expect(text).toMatch(/lookup .*again .*✗ regression/);
  });

  it('does not block what was slower once', async () => {
    let candidates = 0;
    // One process of the candidate is there to offer, two count, one is there to calibrate; then eight are measured.
    const report = await gate(machine({ unitMs: (build) => (build === 'after' && ++candidates <= 12 ? 0.0042 : 0.0035) }));
    expect([report.workloads[0]!.first.verdict, report.workloads[0]!.second!.verdict, report.verdict]).toEqual(['slower', 'not slower', 'undecided']);
  });

  it('does not block what some processes are slower at', async () => {
    expect((await gate(machine({ unitMs: (build, random) => (build === 'after' && random() < 0.5 ? 0.0042 : 0.0035) }))).verdict).toBe('undecided');
  });

  it('is invalid where a planted slowdown is not seen, after twice as many rounds', async () => {
    const report = await gate(machine({ batchMs: 60 }));
    expect([report.verdict, report.workloads[0]!.rounds]).toEqual(['invalid', 16]);
    for (const text of texts(report)) expect(text).toContain('lookup: the planted slowdown is not seen');
  });

  it('does not count batches that are too short, and gives the next more to do', async () => {
    const report = await gate(machine({ calibrated: 400 }));
    expect([report.verdict, report.workloads[0]!.rounds]).toEqual(['pass', 8]);
    expect(report.workloads[0]!.size).toBeGreaterThan(715);
    expect(shortest(report)).toBeGreaterThanOrEqual(50);
  });

  it('gives them less to do if they are far too long', async () => {
    const report = await gate(machine({ calibrated: 10_000 }));
    expect([report.verdict, report.workloads[0]!.rounds]).toEqual(['pass', 8]);
    expect(report.workloads[0]!.size).toBeLessThan(3_000);
    expect(shortest(report)).toBeGreaterThanOrEqual(50);
  });

  it('is invalid if they never become long enough', async () => {
    const report = await gate(machine({ batchMs: 20 }));
    expect([report.verdict, report.workloads[0]!.rounds]).toEqual(['invalid', 0]);
    for (const text of texts(report)) expect(text).toMatch(/lookup .*not measured[^]*only 0 of 8 rounds had batches of at least 50 ms/);
  });

  it.each<[string, Machine['counters'] & {}, GateReport['verdict'], RegExp]>([
    ['more', (build) => ({ turns: build === 'after' ? 2 : 1 }), 'regression', /✗ lookup: turns 1 → 2/],
    ['no longer steady', (build, random) => ({ turns: 1, reads: build === 'after' ? random() : 1 }), 'undecided', /\? no longer the same twice: lookup\/reads/],
    ['no longer there', (build): Counters => (build === 'after' ? { reads: 1 } : { turns: 1, reads: 1 }), 'undecided', /\? lookup: turns 1 → unknown \(cannot be compared\)/],
    ['never steady', (_, random) => ({ turns: random(), reads: 1 }), 'pass', /left out/],
    ['nothing', (_, random) => ({ turns: random() }), 'invalid', /there is nothing to count/],
  ])('counts before it measures: %s', async (_, counters, verdict, says) => {
    const report = await gate(machine({ counters }), { countersOnly: true });
    expect(report.verdict).toBe(verdict);
    for (const text of texts(report)) expect(text).toMatch(says);
  });

  it('says nothing of a registry whose process dies, and leaves none behind', async () => {
    const on = machine({});
    const dies: Start = (...args) => {
      const worker = on.start(...args);
      return { ...worker, ask: (question) => (question.kind === 'measure' ? Promise.reject(new ProcessFailure('the process ended')) : worker.ask(question)) };
    };
    const report = await gate({ ...on, start: dies });
    expect([report.verdict, report.reason, on.processes.living]).toEqual(['invalid', 'the process ended', 0]);
  });
});

it('runs on this machine, whatever it may say of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gate-'));
  try {
    const file = join(folder, 'plain.mjs');
    // It has something of its own to say to whoever started it, which is no answer.
    writeFileSync(file, "process.send('hello'); process.send(null);\nexport const adapter = { name: 'plain', open: () => { const names = new Map(); return { registerServer: (id, endpoint) => void names.set(id, endpoint), unregisterServer: (id) => void names.delete(id), findServer: (id) => names.get(id) }; } };\n");
    const start: Start = (module, purpose, signal) => new GateProcess(module, purpose, signal, new URL('../../dist/conformance/gate/worker.js', import.meta.url));
    const report = await runGate({ ...gateDefaults, baseline: file, candidate: file, seed: 1, rounds: 1, maxRounds: 1, batchMs: 2, leastBatchMs: 0, warmUpMs: 1, workloads: ['lookup', 'bind'], start });
    expect([report.reason, report.untested, report.workloads.map(({ workload }) => workload)]).toEqual([undefined, ['bind'], ['lookup']]);
    expect([report.counters.changes, report.counters.uncountable, report.counters.unsteady]).toEqual([[], [], []]);
    expect(report.counters.compared).toBeGreaterThan(10);
    expect(['pass', 'undecided', 'regression', 'invalid']).toContain(report.workloads[0]!.verdict);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
