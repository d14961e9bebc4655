import { parseArgs } from 'node:util';
import { adapter } from '../conformance/adapters/sharded-registry.js';
import { judgeLoad } from '../conformance/load/judge.js';
import { runLoad, type Spread } from '../conformance/load/run-load.js';

/** `node dist/bench/load.js [--runs N] [--operations N] [--clients N] [--spread tasks|threads|processes]`: our registry under load, every run judged. */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' }, operations: { type: 'string', default: '100000' }, clients: { type: 'string', default: '32' }, spread: { type: 'string', default: 'threads' } } });

let linearizable = 0;
const runs = Number(values.runs);
for (let seed = 1; seed <= runs; seed++) {
  const run = await runLoad(adapter, { spread: values.spread as Spread, seed, clients: Number(values.clients), operations: Number(values.operations), crowd: 4, milliseconds: 600_000, patienceMs: 10_000 });
  const began = performance.now();
  const { violations, undecided, judged } = await judgeLoad(run, { milliseconds: 600_000, isEventual: false });
  const took = performance.now() - began;
  const verdict = undecided ?? (violations.length > 0 ? violations.map(({ requirement, violation }) => `${requirement}: ${violation.message}`).join('; ') : 'linearizable');
  if (verdict === 'linearizable') linearizable++;
  console.log(`seed ${seed}: ${judged.toLocaleString('en')} operations, ${Math.round((1_000 * run.history.length) / run.milliseconds).toLocaleString('en')}/s, judged in ${(took / 1_000).toFixed(1)} s: ${verdict}`);
}
console.log(`${linearizable} of ${runs} runs linearizable`);
