import { fork, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { adapter as ours } from '../conformance/adapters/sharded-registry.js';
import { integer } from '../conformance/cli/integer.js';
import { writeText } from '../conformance/cli/write-file.js';
import { measurings } from '../conformance/sla/index.js';
import { figure } from '../conformance/sla/measurement.js';
import { verify } from '../conformance/verify.js';
import type { CheckResult, Report } from '../conformance/report/result.js';
import { requirements, type RequirementId } from '../spec/index.js';
import { catalogue } from './catalogue.js';

/*
 * Whether measurements tell right from slow: our registry has to pass, each slow one has to fail, and with all cores kept busy by others
 * nothing that is right may fail. Each is measured in a process of its own, one after the other.
 */

const page = new URL('../../docs/sla.md', import.meta.url);
const [begin, end] = ['<!-- begin: npm run sla-proof -->', '<!-- end: npm run sla-proof -->'];

interface Order {
  readonly mutant: string | undefined;
  readonly only: readonly RequirementId[];
  readonly seed: number;
}

interface Row {
  readonly registry: string;
  readonly requirement: RequirementId;
  readonly status: string;
  readonly figure: string;
}

if (process.send !== undefined && process.argv.includes('--child')) {
  process.once('message', ({ mutant, only, seed }: Order) => {
    const adapter = mutant === undefined ? ours : catalogue.find(({ id }) => id === mutant)!.adapter;
    void verify(adapter, { only, profile: 'sla', seed, isDefaultAdapter: mutant === undefined }).then((report) => process.send!(report, () => process.exit()));
  });
} else {
  const { seed, only, write } = new Command('sla-proof')
    .description('Measures our registry and each slow one, on a quiet machine and on one whose cores are all kept busy, and says what came of it.')
    .option('--seed <n>', 'where ids and arrivals begin', integer(0, 0x7fff_ffff), 1)
    .option('--only <ids>', 'these slow registries only, separated by commas; `ours` is ours', (value) => value.split(','))
    .option('--write', 'put the table into docs/sla.md')
    .parse()
    .opts<{ seed: number; only?: string[]; write?: boolean }>();
  process.exitCode = await prove(seed, only, write === true);
}

async function prove(seed: number, only: readonly string[] | undefined, writes: boolean): Promise<number> {
  const slow = catalogue.filter(({ profile, id }) => profile === 'sla' && (only === undefined || only.includes(id)));
  const faults: string[] = [];
  const sections: [string, Row[]][] = [];
  for (const isBusy of [false, true]) {
    const spinners = isBusy ? Array.from({ length: availableParallelism() }, spinner) : [];
    const rows: Row[] = [];
    const note = (row: Row, isWrong: boolean): void => {
      rows.push(row);
      if (isWrong) faults.push(`${row.registry} ${row.requirement}: ${row.status}${isBusy ? ', busy' : ''}`);
      console.error(`${isBusy ? 'busy ' : 'quiet'} ${isWrong ? '✗' : '✓'} ${row.registry.padEnd(28)} ${row.requirement.padEnd(7)} ${row.status} ${row.figure}`);
    };
    try {
      if (only === undefined || only.includes('ours')) {
        const report = await measured({ mutant: undefined, only: requirements.filter(({ method }) => method === 'load').map(({ id }) => id), seed });
        for (const result of report.requirements) note(rowOf('ours', result), isBusy ? result.status === 'failed' : result.status !== 'passed');
      }
      for (const { id, breaks } of slow) {
        const aim = breaks[0]!;
        // Only what it is made to break, and what is judged by the same measurement.
        const judged = measurings.find((one) => one.requirements.includes(aim))!.requirements;
        const report = await measured({ mutant: id, only: judged, seed });
        const result = report.requirements.find((one) => one.id === aim)!;
        const stray = report.requirements.find((one) => one.status === 'failed' && !breaks.includes(one.id as RequirementId));
        if (stray !== undefined) faults.push(`${id} fails ${stray.id} as well`);
        note(rowOf(id, result), isBusy ? result.status === 'passed' : result.status !== 'failed');
      }
    } finally {
      for (const one of spinners) one.kill('SIGKILL');
    }
    sections.push([isBusy ? `All ${availableParallelism()} cores kept busy by others` : 'A quiet machine', rows]);
  }
  const text = sections.flatMap(([title, rows]) => ['', `**${title}**`, '', '| registry | requirement | verdict | figure |', '|---|---|---|---|', ...rows.map((row) => `| ${row.registry} | ${row.requirement} | ${row.status} | ${row.figure.replaceAll('|', '\\|')} |`)]).join('\n');
  console.log(text);
  if (writes) {
    const before = readFileSync(page, 'utf8');
    writeText(page, `${before.slice(0, before.indexOf(begin) + begin.length)}\n${text}\n\n${before.slice(before.indexOf(end))}`);
  }
  for (const fault of faults) console.error(fault);
  return faults.length > 0 ? 1 : 0;
}

/** The verdict in the words of the method, and the worst of the figures. */
function rowOf(registry: string, { id, status, checks }: Report['requirements'][number]): Row {
  const worst = checks.find((check) => check.status === status) ?? checks[0];
  // Why nothing could be told is said with the verdict in front of it.
  const said = status === 'inconclusive' ? (worst?.reason ?? status) : status;
  return { registry, requirement: id as RequirementId, status: said, figure: worst === undefined ? '' : shown(worst) };
}

function shown({ measurement, reason }: CheckResult): string {
  if (measurement === undefined) return reason ?? '';
  const { value, unit, low, high, relation, limit, over, samples, machine } = measurement;
  return [
    `${figure(value, unit)}${low === null || high === null ? '' : ` (${figure(low)} – ${figure(high)})`}, limit ${relation} ${figure(limit)}`,
    ...(over === undefined ? [] : [`${over} of ${samples} over`]),
    ...(machine === undefined ? [] : [`${figure(100 * machine.stolen)} % stolen`]),
  ].join('; ');
}

function measured(order: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--child'], { env: { ...process.env, NODE_NO_WARNINGS: '1' }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('message', (report) => resolve(report as Report));
    child.once('exit', (code) => reject(new Error(`the process for ${order.mutant ?? 'our registry'} ended with code ${code}`)));
    child.send(order);
  });
}

/** Takes a core, until it is killed. */
function spinner(): ChildProcess {
  return spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
}
