import type { Operation } from '../../model/index.js';
import type { History } from '../linearizability/index.js';
import { judgeDeliveries, type Delivered } from './delivery-intervals.js';
import type { Violation } from './findings.js';
import { Lifetimes } from './lifetimes.js';
import { judgeLists } from './list-intervals.js';
import type { Observed } from './registry-history.js';

export type { Delivered } from './delivery-intervals.js';

/**
 * Judges lists and messages of a history by what can be said from the times of calls alone: what was certainly so throughout a call,
 * and what was certainly not so at any moment of it. Where that is not certain nothing is said, so no registry is accused in which
 * every write takes effect at some moment of its call, however its lists are collected and its broadcasts spread. Near linear; at
 * most one violation of each kind, which carries its requirement: LST-1, LST-3, RTE-1, RTE-4, RTE-5, RTE-8, RTE-9.
 *
 * The history begins with an empty registry. The answer of a list is what was found, that of a broadcast is of no account: whom it
 * reached is in `deliveries`, which are to be complete, with messages that are unique per call. A "down" whose news may arrive later
 * has an indefinite end.
 */
export function judgeIntervals(history: History<Operation, Observed>, deliveries: readonly Delivered[]): Violation[] {
  const lifetimes = new Lifetimes(history);
  return [...judgeLists(history, lifetimes), ...judgeDeliveries(history, deliveries, lifetimes)];
}
