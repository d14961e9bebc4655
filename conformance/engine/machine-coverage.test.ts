import { expect, it } from 'vitest';
import { createModel } from '../../model/index.js';
import { allOutcomes, machineCoverage, outcomesOf, watchCells } from './machine-coverage.js';

it('shows which transitions of the machines came about since, and which could have', () => {
  const model = createModel({ partitions: 1 });
  const everything = watchCells();
  const since = watchCells();
  const { state } = model.step(model.initial, { op: 'registerServer', id: 's', endpoint: 'e' });
  const covered = since();
  model.step(state, { op: 'unregisterServer', id: 's' });
  const registration = machineCoverage(covered, everything()).find(({ name }) => name === 'registration')!;
  const standing = (from: string, event: string): unknown => registration.transitions.filter((one) => one.from === from && one.event === event).map((one) => [one.to, one.covered, one.reachable]);
  expect(standing('free', 'REGISTER')).toEqual([['held', true, true]]);
  expect(standing('held', 'UNREGISTER')).toEqual([['free', false, true]]);
  expect(standing('held', 'REGISTER')).toEqual([['held', false, false]]);
  expect(registration.states).toEqual([{ name: 'free', covered: true, reachable: true }, { name: 'held', covered: true, reachable: true }]);
});

it('what came about without a way to it is not counted', () => {
  const since = watchCells();
  const model = createModel({ partitions: 1 });
  model.step(model.initial, { op: 'registerServer', id: 's', endpoint: 'e' });
  expect(machineCoverage(since(), new Set()).flatMap(({ transitions }) => transitions).filter((one) => one.covered || one.reachable)).toEqual([]);
});

it('knows the outcomes of guards', () => {
  expect(allOutcomes.size).toBeGreaterThan(10);
  expect(outcomesOf(new Set())).toEqual(new Set());
});
