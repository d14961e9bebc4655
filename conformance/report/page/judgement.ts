import type { Report } from '../result.js';
import { count, duration, el } from './dom.js';

/** The verdict, and what it rests on: what everybody reads first. */
export function judgement(report: Report): HTMLElement {
  const { registry, verdict, interrupted, counts } = report;
  const broken = report.requirements.filter(({ status, level }) => status === 'failed' && level === 'MUST');
  return el(
    'div',
    { class: 'judgement' },
    el('p', { class: 'quiet' }, 'Conformance report'),
    el('h1', {}, registry.name, registry.version === undefined ? undefined : el('span', { class: 'version' }, ` ${registry.version}`)),
    el('p', { class: `verdict ${verdict.replace(' ', '-')}` }, verdict, interrupted ? ' (interrupted: this is what was found so far)' : ''),
    ...(broken.length === 0 ? [] : [el('p', {}, 'Broken: ', ...broken.flatMap(({ id }, i) => [i === 0 ? '' : ', ', el('a', { href: `#${id}` }, id)]))]),
    el('p', {}, `${count(counts.passed)} passed, ${count(counts.failed)} failed, ${count(counts.inconclusive)} inconclusive, ${count(counts.untested)} untested`, counts.warnings > 0 ? `, ${counts.warnings} warnings (SHOULD)` : ''),
    ...expectations(report),
    conditions(report),
  );
}

function expectations({ baseline }: Report): HTMLElement[] {
  if (baseline === undefined) return [];
  const { outcome, entries, unexpected } = baseline;
  const said = { met: 'As expected: nothing fails that is not on the list.', broken: 'Not as expected.', inconclusive: 'Whether it is as expected could not be told.' }[outcome];
  return [
    el(
      'div',
      { class: `note ${outcome}` },
      el('p', {}, said, unexpected.length > 0 ? ` Not on the list: ${unexpected.join(', ')}.` : ''),
      el('ul', {}, ...entries.map(({ id, list, state, reason }) => el('li', {}, el('strong', {}, id), ` ${list === 'flaky' ? 'is known to be flaky' : 'is expected to fail'}: ${reason} (${state === 'stale' ? 'stale: it passes; take it off the list' : state})`))),
    ),
  ];
}

function conditions({ registry, conditions: where, seed, runs, sequences, milliseconds, specification, schedules, load, model }: Report): HTMLElement {
  const pairs: (readonly [string, string] | undefined)[] = [
    ['specification', specification],
    ['claims to be', registry.consistency],
    ['offers', registry.features.length > 0 ? registry.features.join(', ') : 'nothing beyond its operations'],
    where?.profile === undefined ? undefined : ['profile', where.profile],
    ['seed', String(seed)],
    ['random sequences', `${count(sequences)} (${count(runs)} runs asked for)`],
    schedules && ['overlap', `${count(schedules.run)} schedules of ${count(schedules.programs)} programs, ${count(schedules.random)} of them at random; every one of ${count(schedules.exhausted)}${schedules.late ? '; then the time was over' : ''}`],
    load && ['load', `${count(load.clients)} clients (${load.spread}, ${load.access}): ${count(load.operations)} operations, ${count(load.judged)} judged, ${load.verdict}; ${Math.round(100 * load.overlapping)} % overlapped`],
    model && ['model', `${count(model.states.covered)} of ${count(model.states.reachable)} states, ${count(model.transitions.covered)} of ${count(model.transitions.reachable)} transitions, ${count(model.guards.covered)} of ${count(model.guards.reachable)} guard outcomes`],
    where && ['run with', `kit ${where.kit}, Node.js ${where.node}, ${where.platform}, ${where.processors} processors`],
    ['took', duration(milliseconds)],
  ];
  return el('dl', { class: 'conditions' }, ...pairs.flatMap((pair) => (pair === undefined ? [] : [el('div', {}, el('dt', {}, pair[0]), el('dd', {}, pair[1]))])));
}
