import { describe, expect, it } from 'vitest';
import type { RequirementId } from '../../spec/index.js';
import { adapter as ours } from '../adapters/sharded-registry.js';
import type { Adapter, Subject } from '../contract.js';
import type { Verdict } from './verdict.js';
import { measureGrowth } from './growing.js';
import { weigh } from './heap.js';
import { measurings, slaFindings, type Job } from './index.js';
import { nullAdapter } from './null-adapter.js';
import { simulated, type Costs } from './testing/simulated-registry.js';
import { SimulatedMachine } from './testing/simulated-machine.js';

const everything = ['servers', 'transports', 'binding', 'routing', 'stats', 'contention', 'in-process'];

const jobOf = (machine: SimulatedMachine, adapter: Adapter, more: Partial<Job> = {}): Job => ({
  adapter, nullAdapter: { ...nullAdapter, open: (options) => taking(machine, nullAdapter.open(options) as Subject) }, offered: everything, machine, seed: 1, effort: 0.5, patienceMs: 2_000, module: undefined, isLoadable: false, progress: () => undefined, ...more,
});

/** Even nothing takes a little. */
const taking = (machine: SimulatedMachine, subject: Subject): Subject =>
  new Proxy(subject, {
    get(target, key) {
      machine.work(0.002);
      return Reflect.get(target, key, target) as unknown;
    },
  });

/** What is said of a requirement: the verdicts of all that was measured for it. */
async function judge(id: RequirementId, job: Job): Promise<{ verdicts: (Verdict | undefined)[]; statuses: string[]; reasons: string }> {
  const findings = (await slaFindings(measurings.find(({ requirements }) => requirements.includes(id))!, job, (one) => `replay ${one}`)).filter(({ requirement }) => requirement === id);
  return {
    verdicts: [...new Set(findings.map(({ result }) => result.measurement?.verdict))],
    statuses: [...new Set(findings.map(({ result }) => result.status))],
    reasons: findings.map(({ result }) => result.reason ?? result.failure?.message ?? '').join('; '),
  };
}

/** One call in so many. */
function oneIn(count: number): () => boolean {
  let calls = 0;
  return () => ++calls % count === 0;
}

/** Both cores are busy: every few milliseconds the thread is kept from running for about as long. */
const busy = (machine: SimulatedMachine): void => {
  let turns = 0;
  machine.meanwhile = () => void (++turns % 60 === 0 && machine.steal(4 + (turns % 5)));
};

const quick: Costs = { find: () => undefined, write: () => undefined };

const working = (machine: SimulatedMachine, ms: number) => (): void => machine.work(ms);

describe('a registry that is quick passes', () => {
  it.each(['SLA-1', 'SLA-2', 'SLA-3', 'SLA-4', 'SLA-5', 'SLA-6', 'SLA-8', 'SLA-12'] as const)('%s', async (id) => {
    const machine = new SimulatedMachine();
    const costs = { find: working(machine, 0.004), write: working(machine, 0.004), broadcast: working(machine, 1) };
    expect(await judge(id, jobOf(machine, simulated(machine, costs), { effort: 1 }))).toMatchObject({ verdicts: ['pass'], statuses: ['passed'] });
  });

  it('SLA-7', async () => {
    const machine = new SimulatedMachine();
    expect(await judge('SLA-7', jobOf(machine, simulated(machine, quick)))).toMatchObject({ verdicts: ['pass'] });
  });
});

const slowOnes: readonly [RequirementId, string, (machine: SimulatedMachine) => Costs | (() => Costs)][] = [
  ['SLA-1', 'lookups of two milliseconds', (machine) => ({ find: () => machine.sleep(2) })],
  ['SLA-2', 'a stall of 6 ms on 2 % of lookups', (machine) => { const isTime = oneIn(50); return { find: () => void (isTime() && machine.work(6)) }; }],
  ['SLA-2', 'a wait of 6 ms on 2 % of lookups', (machine) => { const isTime = oneIn(50); return { find: () => (isTime() ? machine.sleep(6) : undefined) }; }],
  ['SLA-2', 'a lookup that scans', (machine) => ({ find: (entries) => machine.work(entries * 2e-5) })],
  ['SLA-2', 'a sleep that blocks, which looks like what the machine takes', (machine) => { const isTime = oneIn(50); return { find: () => void (isTime() && machine.steal(6)) }; }],
  ['SLA-2', 'a refusal of 2 % of lookups', () => { const isTime = oneIn(50); return { find: () => { if (isTime()) throw new Error('no'); } }; }],
  ['SLA-3', 'a flush of 60 ms on 3 % of writes', (machine) => { const isTime = oneIn(33); return { write: (entries) => (entries > 14_999 && isTime() ? machine.sleep(60) : undefined) }; }],
  ['SLA-4', 'lookups of 15 microseconds', (machine) => ({ find: () => machine.work(0.015) })],
  ['SLA-5', 'writes of 50 microseconds', (machine) => ({ write: () => machine.work(0.05) })],
  ['SLA-6', 'broadcasts of 12 microseconds for each recipient', (machine) => ({ broadcast: (recipients) => machine.work(recipients * 0.012) })],
  ['SLA-7', 'lookups that become slow above 50,000 entries', (machine) => { const isTime = oneIn(50); return { find: (entries) => void (entries > 50_000 && isTime() && machine.work(6)) }; }],
  ['SLA-12', 'a write that costs more while others are written to', (machine) => () => {
    let last = { id: '', at: -1 };
    return {
      write(_, id) {
        const isShared = last.id !== id && machine.now() - last.at < 0.3;
        machine.work(isShared ? 0.05 : 0.002);
        last = { id, at: machine.now() };
      },
    };
  }],
];

describe('a registry that is slow fails', () => {
  it.each(slowOnes)('%s: %s', async (id, _, costs) => {
    const machine = new SimulatedMachine();
    const { verdicts, statuses, reasons } = await judge(id, jobOf(machine, simulated(machine, costs(machine))));
    expect(verdicts, reasons).toContain('fail');
    expect(statuses).toContain('failed');
  });

  it('SLA-7: a table that is full', async () => {
    const machine = new SimulatedMachine();
    const full = simulated(machine, { write: (entries) => { if (entries >= 65_536) throw new Error('full'); } });
    expect(await judge('SLA-7', jobOf(machine, full))).toMatchObject({ verdicts: ['fail'] });
  });

  it('SLA-8: clients that are never answered while others are', async () => {
    const machine = new SimulatedMachine();
    let calls = 0;
    const unfair = simulated(machine, { find: working(machine, 0.02), write: () => (++calls <= 3 ? new Promise(() => undefined) : machine.work(0.02)) });
    const { verdicts, reasons } = await judge('SLA-8', jobOf(machine, unfair));
    expect(verdicts, reasons).toEqual(['fail']);
  });
});

describe('on a machine that is busy', () => {
  it.each(['SLA-1', 'SLA-2', 'SLA-3', 'SLA-4', 'SLA-5', 'SLA-6', 'SLA-8', 'SLA-12'] as const)('%s of a registry that is right does not fail', async (id) => {
    const machine = new SimulatedMachine();
    busy(machine);
    const { verdicts } = await judge(id, jobOf(machine, simulated(machine, { find: working(machine, 0.001), write: working(machine, 0.002), broadcast: working(machine, 1) })));
    expect(verdicts).not.toContain('fail');
  });

  it('a load that could not be made is an invalid run, and says so', async () => {
    const machine = new SimulatedMachine();
    let turns = 0;
    machine.meanwhile = () => void (++turns % 60 === 0 && machine.steal(12));
    const { verdicts, statuses, reasons } = await judge('SLA-2', jobOf(machine, simulated(machine, quick)));
    expect(verdicts).toEqual(['invalid']);
    expect(statuses).toEqual(['inconclusive']);
    expect(reasons).toMatch(/^invalid run: .*null run/);
  });

  it('whose queues outlast what others took nobody is accused of latency', async () => {
    const machine = new SimulatedMachine();
    // Three quarters of all time, in small pieces: for the null run that is enough, and for half a processor of work it is not.
    machine.meanwhile = () => machine.steal(0.15);
    const halfOfAProcessor = (): void => {
      machine.work(0.05);
      machine.steal(0.15);
    };
    const { verdicts, reasons } = await judge('SLA-2', jobOf(machine, simulated(machine, { find: halfOfAProcessor })));
    expect(verdicts, reasons).toEqual(['invalid']);
    expect(reasons).toContain('others on the machine took 7');
  });

  it('what is taken only while the registry runs is not laid to the registry unless it is so again and again', async () => {
    const machine = new SimulatedMachine();
    // One neighbour for a third of a second, that happens to come while the registry runs.
    const noisy = simulated(machine, { find: () => void (machine.now() > 1_100 && machine.now() < 1_300 && machine.steal(1)) });
    const { verdicts } = await judge('SLA-2', jobOf(machine, noisy, { effort: 1 }));
    expect(verdicts).not.toContain('fail');
  });

  it('a registry that is slow by its own work may still be told', async () => {
    const machine = new SimulatedMachine();
    let turns = 0;
    machine.meanwhile = () => void (++turns % 60 === 0 && machine.steal(0.2));
    expect((await judge('SLA-5', jobOf(machine, simulated(machine, { write: () => machine.work(0.2) })))).verdicts).toEqual(['fail']);
  });
});

describe('detection', () => {
  const withCommits = (alter: (status: () => unknown, machine: SimulatedMachine) => () => unknown, machine: SimulatedMachine): Adapter => ({
    ...ours,
    async open(options) {
      const real = await ours.open(options);
      const look = alter(() => real.getContentionStatus!(), machine);
      return new Proxy(real, { get: (target, key) => (key === 'getContentionStatus' ? look : (Reflect.get(target, key, target) as unknown)) });
    },
  });
  const offered = [...everything, 'slow-commit'];

  it('at once passes', async () => {
    const machine = new SimulatedMachine(0.1);
    const { verdicts, reasons } = await judge('SLA-9', jobOf(machine, ours, { offered }));
    expect(verdicts, reasons).toEqual(['pass']);
  });

  it('through a promise passes', async () => {
    const machine = new SimulatedMachine(0.1);
    expect(await judge('SLA-9', jobOf(machine, withCommits((status) => async () => status(), machine), { offered }))).toMatchObject({ verdicts: ['pass'] });
  });

  it('once a second fails', async () => {
    const machine = new SimulatedMachine(0.1);
    const polled = withCommits((status) => {
      let [seen, at] = [status(), machine.now()];
      return () => {
        if (machine.now() - at > 1_000) [seen, at] = [status(), machine.now()];
        return seen;
      };
    }, machine);
    const { verdicts, reasons } = await judge('SLA-9', jobOf(machine, polled, { offered }));
    expect(verdicts, reasons).toEqual(['fail']);
  });

  it('is an invalid run where alarms that are there at once are seen late as well', async () => {
    const machine = new SimulatedMachine(0.1);
    let turns = 0;
    machine.meanwhile = () => void (++turns % 3_000 === 0 && machine.steal(150));
    const { verdicts, statuses, reasons } = await judge('SLA-9', jobOf(machine, ours, { offered }));
    expect(verdicts, reasons).toEqual(['invalid']);
    expect(statuses).toEqual(['inconclusive']);
  });

  it('that is late once is tried again, and then passes', async () => {
    const machine = new SimulatedMachine(0.1);
    let opened = 0;
    const once: Adapter = {
      ...ours,
      async open(options) {
        const real = await ours.open(options);
        if (++opened !== 7) return real;
        let [off, since] = [real.getContentionStatus!(), Infinity];
        const look = (): unknown => {
          const status = real.getContentionStatus!() as { readonly alarmed: readonly number[] };
          if (status.alarmed.length === 0) off = status as typeof off;
          else since = Math.min(since, machine.now());
          return machine.now() > since + 300 ? status : off;
        };
        return new Proxy(real, { get: (target, key) => (key === 'getContentionStatus' ? look : (Reflect.get(target, key, target) as unknown)) });
      },
    };
    expect(await judge('SLA-9', jobOf(machine, once, { offered }))).toMatchObject({ verdicts: ['pass'] });
    expect(opened).toBeGreaterThan(60);
  });

  it('that throws is undecided', async () => {
    const machine = new SimulatedMachine(0.1);
    const broken = withCommits(() => () => { throw new Error('no status'); }, machine);
    expect(await judge('SLA-9', jobOf(machine, broken, { offered }))).toMatchObject({ verdicts: ['undecided'] });
  });

  it('is untested without slow commits', async () => {
    expect(await judge('SLA-9', jobOf(new SimulatedMachine(), ours))).toMatchObject({ statuses: ['untested'] });
  });
});

describe('growth', () => {
  const machine = (): SimulatedMachine => new SimulatedMachine(0.01);
  const sizes = [1_000, 2_000, 4_000, 8_000];
  const verdicts = async (on: SimulatedMachine, costs: Costs, upTo: readonly number[] = sizes): Promise<Verdict[]> =>
    (await measureGrowth(jobOf(on, simulated(on, costs)), upTo)).map(({ measurement }) => measurement.verdict);

  it('none passes', async () => {
    const on = machine();
    expect(await verdicts(on, { find: working(on, 0.01), write: working(on, 0.01) })).toEqual(['pass', 'pass', 'pass', 'pass']);
  });

  it('of a scan fails, and only that', async () => {
    const on = machine();
    expect(await verdicts(on, { find: (entries) => on.work(0.01 + entries * 1e-4), write: working(on, 0.01) })).toEqual(['fail', 'fail', 'pass', 'pass']);
  });

  it('that keeps the registry from being filled is told from the sizes that there were', async () => {
    const on = machine();
    expect(await verdicts(on, { find: working(on, 0.01), write: (entries) => on.work(entries * 4e-4) }, [1_000, 2_000, 4_000, 64_000])).toEqual(['undecided', 'undecided', 'fail', 'fail']);
  });

  it('of which too little is known is undecided', async () => {
    const on = machine();
    expect(await verdicts(on, { write: () => on.work(20) })).toEqual(['undecided', 'undecided', 'undecided', 'undecided']);
  });
});

describe('memory', () => {
  /** A heap of so many bytes for each live entry, and for each that has gone. */
  const weighing = async (perEntry: number, perGone: number): Promise<Awaited<ReturnType<typeof weigh>>> => {
    const machine = new SimulatedMachine();
    let [live, gone] = [0, 0];
    const counted: Adapter = {
      name: 'counted',
      open: () => {
        const ids = new Set<string>();
        return {
          registerServer: (id) => void (ids.add(id), live++),
          unregisterServer: (id) => void (ids.delete(id) && (live--, gone++)),
          findServer: () => undefined,
          close: () => void (live -= ids.size) as never,
        };
      },
    };
    return weigh(jobOf(machine, counted), () => Promise.resolve(1e6 + live * perEntry + gone * perGone));
  };

  it('is the slope over sizes, and what is kept the slope over rounds', async () => {
    const { perEntry, perChurned } = await weighing(200, 24);
    expect(perEntry.value).toBeCloseTo(200, 6);
    expect(perChurned.value).toBeCloseTo(24, 6);
    expect((await weighing(200, 0)).perChurned.value).toBeCloseTo(0, 6);
  });

  it('that is kept is known even of a registry that cannot be filled', async () => {
    const machine = new SimulatedMachine();
    let [live, gone] = [0, 0];
    const small: Adapter = {
      name: 'small',
      open: () => ({
        registerServer: () => {
          if (live - gone >= 7_000) throw new Error('full');
          live++;
        },
        unregisterServer: () => void gone++,
        findServer: () => undefined,
      }),
    };
    const { perEntry, perChurned, sizes } = await weigh(jobOf(machine, small), () => Promise.resolve(1e6 + gone * 40));
    expect(perChurned.low).toBeGreaterThan(8);
    expect(sizes.length).toBeLessThan(3);
    expect(perEntry).toMatchObject({ low: -Infinity, high: Infinity });
  });

  it('is churned for longer where nothing can be told yet', async () => {
    // In the first rounds something settles; it takes as many again until that is the past.
    const machine = new SimulatedMachine();
    let [come, settling] = [0, 0];
    const settles: Adapter = { name: 'settles', open: () => ({ registerServer: () => void come++, unregisterServer: () => undefined, findServer: () => undefined }) };
    const { perChurned } = await weigh(jobOf(machine, settles), () => Promise.resolve(1e6 + 1e5 * Math.sin(come) + (settling += 1)));
    expect(perChurned.high - perChurned.low).toBeGreaterThan(0);
  });

  it('is not looked for where the registry is elsewhere', async () => {
    const machine = new SimulatedMachine();
    const elsewhere = { ...simulated(machine), connect: () => { throw new Error('nowhere'); } };
    expect(await judge('SLA-10', jobOf(machine, elsewhere))).toMatchObject({ statuses: ['untested'] });
  });
});

describe('what is said', () => {
  it('names whose limit it was', async () => {
    const machine = new SimulatedMachine();
    const strict: Adapter = { ...simulated(machine, { find: () => machine.sleep(0.6) }), sla: { 'SLA-1': 0.5 } };
    const findings = await slaFindings(measurings[0]!, jobOf(machine, strict), (id) => `replay ${id}`);
    const [mean] = findings.filter(({ requirement }) => requirement === 'SLA-1');
    expect(mean!.result).toMatchObject({ status: 'failed', measurement: { limit: 0.5, limitFrom: 'adapter' }, failure: { replay: 'replay SLA-1' } });
    expect(mean!.result.failure!.expected).toContain('the number is that of the adapter');
    expect(findings.filter(({ requirement }) => requirement === 'SLA-2').map(({ result }) => result.status)).toEqual(['passed', 'passed']);
  });

  it('of a registry that cannot be filled is inconclusive', async () => {
    const machine = new SimulatedMachine();
    const refusing = simulated(machine, { write: () => { throw new Error('no'); } });
    expect(await judge('SLA-1', jobOf(machine, refusing))).toMatchObject({ statuses: ['inconclusive'], reasons: expect.stringContaining('were refused') });
    const hanging = simulated(machine, { write: () => new Promise(() => undefined) });
    expect(await judge('SLA-1', jobOf(machine, hanging))).toMatchObject({ statuses: ['inconclusive'], reasons: expect.stringContaining('not answered') });
  });

  it('of an eventual registry waits until it shows what it was told', async () => {
    const machine = new SimulatedMachine();
    const real = simulated(machine, quick);
    const late: Adapter = {
      ...real,
      consistency: { level: 'eventual', stalenessMs: 50 },
      async open(options) {
        const subject = await real.open(options);
        const shownFrom = new Map<string, number>();
        return {
          ...subject,
          registerServer: ((id, endpoint) => (shownFrom.set(id, machine.now() + 50), subject.registerServer(id, endpoint))) as Subject['registerServer'],
          findServer: (id) => (machine.now() >= shownFrom.get(id)! ? subject.findServer(id) : undefined) as ReturnType<Subject['findServer']>,
        };
      },
    };
    expect(await judge('SLA-2', jobOf(machine, late))).toMatchObject({ verdicts: ['pass'] });
  });

  it('of a registry that promises fewer connections is about these', async () => {
    const machine = new SimulatedMachine();
    const small: Adapter = { ...simulated(machine, { write: (entries) => { if (entries >= 6_000) throw new Error('full'); } }), sla: { 'SLA-7': 2_000 } };
    expect(await judge('SLA-7', jobOf(machine, small))).toMatchObject({ verdicts: ['pass'] });
  });

  it('of a control that differs from itself is that the run is invalid', async () => {
    const machine = new SimulatedMachine();
    let [opened, calls] = [0, 0];
    // What the second registry is loaded with keeps everybody waiting, in every other block only.
    const uneven: Adapter = {
      ...simulated(machine),
      open(options) {
        const subject = simulated(machine, quick).open(options) as Subject;
        if (++opened !== 2) return subject;
        return { ...subject, registerServer: ((id, endpoint) => ((calls++ >> 9) % 2 === 0 && machine.work(0.1), subject.registerServer(id, endpoint))) as Subject['registerServer'] };
      },
    };
    const { verdicts, reasons } = await judge('SLA-12', jobOf(machine, uneven));
    expect(verdicts, reasons).toEqual(['invalid']);
  });

  it('of a registry with one partition is that there is nothing to interfere with', async () => {
    const machine = new SimulatedMachine();
    expect(await judge('SLA-12', jobOf(machine, simulated(machine, {}, 1)))).toMatchObject({ statuses: ['untested'] });
  });
});
