import { requirements } from '../../../spec/index.js';
import type { CheckResult, Failure, Report, RequirementResult, Timeline } from '../result.js';
import { summarise, type Finding } from '../summary.js';

/** What no format may take for anything but text. */
export const hostile = [
  '</script><script>globalThis.hacked = 1</script>',
  '<img src=x onerror="globalThis.hacked = 1">',
  '<!--', ']]>', '&amp; & "quoted" \'single\'',
  '| a | b |\n|---|---|\n# heading', '```\nfence\n```', '[link](javascript:alert(1)) ![image](http://evil.example/x.png) http://evil.example www.evil.example @somebody',
  '\u0000\u0001\u001b[31m\u0085\u2028\u202e\ufffe\uffff\ud800 \udc00', '__proto__', '${{ github.token }} $(touch /tmp/x) `id`', '::error::made up',
].join(' ');

export const failure = (more: Partial<Failure> = {}): Failure => ({
  message: 'the second of two registrations was done',
  expected: 'refused: already_registered',
  actual: 'done',
  steps: [{ text: 'registerServer("s1", e1)', answer: 'done' }, { text: 'registerServer("s1", e2)', answer: 'done' }],
  stateBefore: ['server s1 → e1 {}'],
  replay: 'sharded-registry verify ./x.js --only REG-2 --seed 1',
  ...more,
});

const result = (more: Partial<CheckResult>): CheckResult => ({ title: 'a check', status: 'passed', evidence: 12, situation: { what: 'a name is registered', occurred: 7 }, milliseconds: 12.4, ...more });

/** A report in which every status comes about, and every format has something to show. Everything a registry can say is `says`. */
export function sample({ says = 'plain words', timeline }: { readonly says?: string; readonly timeline?: Timeline } = {}): Report {
  const passed = requirements.map(({ id }): Finding => ({ requirement: id, result: result({}) }));
  const of = (id: Finding['requirement'], more: Partial<CheckResult>): Finding => ({ requirement: id, result: result(more) });
  const overlap = failure({
    message: says, expected: says, actual: says, steps: [],
    interleaving: [{ client: 0, text: 'registerServer("s1", e4)', switch: false }, { client: 1, text: 'registerServer("s1", e5)', switch: true }, { client: 1, text: 'commits', switch: false }, { client: 1, text: 'registerServer → done', switch: false }, { client: 0, text: says, switch: false }, { client: 0, text: 'registerServer → done', switch: false }, { text: `afterwards: ${says}`, switch: false }],
    timeline: timeline ?? history(40, says),
  });
  const findings = [
    ...passed.filter(({ requirement }) => !['REG-2', 'CON-1', 'SLA-1', 'BND-4', 'ADM-2', 'STA-6', 'CTN-8'].includes(requirement)),
    of('REG-2', { status: 'failed', failure: failure({ message: says, expected: says, actual: says, steps: [{ text: says, answer: says }], stateBefore: [says] }) }),
    of('CON-1', { title: says, status: 'failed', failure: overlap, mayFollowFrom: ['REG-2'] }),
    of('BND-4', { status: 'inconclusive', reason: says }),
    of('ADM-2', { status: 'untested', reason: 'the adapter does not offer `contention`' }),
    of('SLA-1', { measurement }),
    of('STA-6', { status: 'failed', failure: failure({ message: says }) }),
  ];
  const about = { registry: { name: says, version: says, consistency: 'linearizable', features: ['virtual-time', says] }, seed: 7, runs: 300, sequences: 288, milliseconds: 31_415, interrupted: false, conditions: { kit: '0.1.0', node: 'v20.0.0', platform: 'linux x64', processors: 2, profile: 'full' }, model };
  return summarise(about, requirements.map(({ id }) => id), findings);
}

export const requirementIn = (report: Report, id: string): RequirementResult => report.requirements.find((one) => one.id === id)!;

const spread = { p50: 0.02, p90: 0.05, p99: 0.4, p999: 1.9, max: 4.2 };

const measurement: CheckResult['measurement'] = {
  metric: 'lookup p99', unit: 'ms', relation: '<', limit: 1, limitFrom: 'specification', verdict: 'pass', value: 0.4, low: 0.3, high: 0.5, samples: 40_000, over: 12, conditions: 'a thousand names, open load', method: 'as the specification says',
  spread: { queue: spread, service: spread, total: spread }, nullRun: { value: 0.01, spread: { queue: spread, service: spread, total: spread } },
};

const share = { covered: 90, reachable: 100, total: 120 };

const model: Report['model'] = {
  states: share, transitions: share, guards: share, disagreements: 0, unreachable: [{ reason: 'the adapter does not offer `close`', transitions: 20 }],
  machines: [
    {
      name: 'binding', title: 'Binding of a transport', initial: 'unbound',
      states: [{ name: 'unbound', covered: true, reachable: true }, { name: 'bound', covered: true, reachable: true }, { name: 'lost', covered: false, reachable: false }],
      transitions: [
        { from: 'unbound', to: 'bound', event: 'BIND', effects: ['bind'], covered: true, reachable: true },
        { from: 'unbound', to: 'unbound', event: 'BIND', guard: 'serverMissing', effects: ['refuse server_not_found'], covered: true, reachable: true },
        { from: 'bound', to: 'unbound', event: 'UNBIND', effects: ['unbind'], covered: false, reachable: true },
        { from: 'bound', to: 'lost', event: 'SERVER_GONE', guard: 'ownServer', effects: ['unbind'], covered: false, reachable: false },
      ],
    },
  ],
};

/** A history of so many operations, of which the last but ten cannot be explained. */
export function history(size: number, says = 'findServer("s1")', clients = 8): Timeline {
  const operations = Array.from({ length: size }, (_, i): Timeline['operations'][number] => {
    const start = i * 1_000;
    const isWrong = i === Math.max(0, size - 10);
    return {
      lane: i % clients, text: says, answer: says, start,
      ...(i % 97 !== 5 && { end: start + 500 + (i % 7) * 1_000 }),
      ...(isWrong ? { stuck: true, core: true } : i < size - 10 && { place: i }),
    };
  });
  return { unit: 'ns', operations, lanes: Array.from({ length: Math.min(clients, Math.max(1, size)) }, (_, lane) => `client ${lane + 1}`), outOf: size, ordered: true };
}
