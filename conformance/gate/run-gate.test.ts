import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pc from 'picocolors';
import { afterAll, describe, expect, it } from 'vitest';
import { gateMarkdown, renderGate } from './report.js';
import { gateDefaults, runGate, type GateOptions, type GateReport } from './run-gate.js';

const folder = mkdtempSync(join(tmpdir(), 'gate-'));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Processes that measure nothing and say what they are told to, so that no verdict is that of the machine which the test runs on.
 * A unit of size 1 takes `ms`, which knows the build (`slow` or not), how many units are asked for, and how many batches there have been.
 */
function machine(name: string, ms: string, { size = 1_000, counts = '{ turns: 1 }' } = {}): URL {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `const { module } = JSON.parse(process.argv[2]);
const slow = module === 'slow';
let prepared = 0;
let batch = 0;
const jitter = [0, 0.01, -0.01, 0.004, -0.004][process.pid % 5];
const answers = {
  offers: () => ['lookup'],
  calibrate: () => ${size},
  count: () => (${counts}),
  prepare: ({ size }) => void (prepared = size),
  measure: ({ units }) => (batch++, prepared * units * (1 + jitter) * (${ms})),
};
process.send('a message of its own');
process.on('message', (question) => process.send({ kind: 'done', value: answers[question.kind](question) }));
process.on('disconnect', () => process.exit());
`,
  );
  return pathToFileURL(file);
}

const gate = (script: URL, candidate: string, options: Partial<GateOptions> = {}): Promise<GateReport> => runGate({ ...gateDefaults, baseline: 'same', candidate, seed: 1, workloads: ['lookup'], script, ...options });
const rightSize = 'units > 0 ? 0.003 : 0';

describe('a whole run, on a simulated machine', () => {
  it('passes a build that is itself: eight fresh process pairs, there and back, batches of 50 ms', async () => {
    const { verdict, reason, workloads } = await gate(machine('steady', rightSize), 'same');
    expect([verdict, reason, workloads[0]!.verdict, workloads[0]!.rounds]).toEqual(['pass', undefined, 'pass', 8]);
    for (const times of workloads[0]!.times.first) for (const arm of ['baseline', 'candidate', 'control', 'planted']) expect(times[arm]).toHaveLength(2);
    expect(Math.min(...workloads[0]!.times.first.flatMap((times) => Object.values(times).flat()))).toBeGreaterThanOrEqual(50);
  });

  it('blocks what is slower in a first run and in a second, and shows both', async () => {
    const report = await gate(machine('regression', 'slow ? 0.0036 : 0.003'), 'slow');
    expect([report.verdict, report.workloads[0]!.second!.verdict, report.workloads[0]!.rounds]).toEqual(['regression', 'slower', 16]);
    for (const text of [renderGate(report, pc.createColors(false)), gateMarkdown(report)]) expect(text).toMatch(/lookup .*again .*✗ regression/);
  });

  it('does not block what is now slower and now not', async () => {
    const { verdict } = await gate(machine('unsteady', 'slow && process.pid % 2 === 0 ? 0.0036 : 0.003'), 'slow', { rounds: 12, maxRounds: 12 });
    expect(['pass', 'undecided']).toContain(verdict); // The system gives out process ids as it likes.
  });

  it('is invalid where a planted slowdown is not seen, after twice as many rounds', async () => {
    const report = await gate(machine('blind', '60 / prepared / units'), 'same');
    expect([report.verdict, report.workloads[0]!.rounds]).toEqual(['invalid', 16]);
    for (const text of [renderGate(report, pc.createColors(false)), gateMarkdown(report)]) expect(text).toContain('lookup: the planted slowdown is not seen');
  });

  it('does not count batches that are too short, and gives the next more to do', async () => {
    const { verdict, workloads } = await gate(machine('short', rightSize, { size: 500 }), 'same');
    expect([verdict, workloads[0]!.rounds]).toEqual(['pass', 8]);
    expect(workloads[0]!.size).toBeGreaterThan(800);
    expect(Math.min(...workloads[0]!.times.first.flatMap((times) => Object.values(times).flat()))).toBeGreaterThanOrEqual(50);
  });

  it('is invalid if they never become long enough', async () => {
    const report = await gate(machine('never', '1 / prepared / units'), 'same');
    expect([report.verdict, report.workloads[0]!.rounds]).toEqual(['invalid', 0]);
    expect(renderGate(report, pc.createColors(false))).toMatch(/lookup +not measured .*\n.*only 0 of 8 rounds had batches of at least 50 ms/);
  });

  it('counts before it measures: what no longer can be compared is not passed, and nothing at all is invalid', async () => {
    const counted = (counts: string): Promise<GateReport> => gate(machine(`counts-${counts.length}`, rightSize, { counts }), 'slow', { countersOnly: true });
    expect((await counted('{ turns: slow ? 2 : 1 }')).verdict).toBe('regression');
    expect((await counted('{ turns: 1, reads: slow ? process.pid : 1 }')).verdict).toBe('undecided');
    const nothing = await counted('{ turns: process.pid }');
    expect([nothing.verdict, nothing.reason]).toEqual(['invalid', 'the baseline does nothing twice in the same way: there is nothing to count']);
  });
});

it('runs on this machine, whatever it may say of it', async () => {
  const file = join(folder, 'plain.mjs');
  writeFileSync(file, "export const adapter = { name: 'plain', open: () => { const names = new Map(); return { registerServer: (id, endpoint) => void names.set(id, endpoint), unregisterServer: (id) => void names.delete(id), findServer: (id) => names.get(id) }; } };\n");
  const script = new URL('../../dist/conformance/gate/worker.js', import.meta.url);
  const report = await runGate({ ...gateDefaults, baseline: file, candidate: file, seed: 1, rounds: 1, maxRounds: 1, batchMs: 2, leastBatchMs: 0, warmUpMs: 1, workloads: ['lookup', 'bind'], script });
  expect([report.reason, report.untested, report.workloads.map(({ workload }) => workload)]).toEqual([undefined, ['bind'], ['lookup']]);
  expect([report.counters.changes, report.counters.uncountable, report.counters.unsteady]).toEqual([[], [], []]);
  expect(report.counters.compared).toBeGreaterThan(10);
  expect(['pass', 'undecided', 'regression', 'invalid']).toContain(report.workloads[0]!.verdict);
});
