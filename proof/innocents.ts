import type { Adapter } from '../conformance/contract.js';
import { adapter as ours } from '../conformance/adapters/sharded-registry.js';
import { correct } from '../conformance/testing/correct.js';
import { correctRegistries, type CorrectRegistry } from '../conformance/testing/correct-registries.js';
import { correctFourth } from '../conformance/testing/correct-fourth.js';
import { correctThird } from '../conformance/testing/correct-third.js';
import { correctFifth } from '../conformance/testing/fifth/index.js';
import { foundations } from '../conformance/testing/held-out-load.js';
import { correctSixth } from '../conformance/testing/sixth/index.js';
import { third } from '../conformance/testing/third-registry.js';

/** How those differ from ours that do not say so themselves. */
const differences: Readonly<Record<string, string>> = {
  [ours.name]: 'ours, as it is',
  'an actor': 'ours, behind one mailbox: every call, reads too, is made at a turn of the event loop of its own',
  'one that yields': 'ours, a turn of the promise queue before and after every write',
  'one that is late': 'ours, every seventh answer 2 ms of real time late',
  'one with other answers': 'ours, lists in the opposite order, copies instead of records, null instead of nothing',
  'one with another precedence': 'ours, of two errors that apply the other one',
  'one that posts its messages': 'ours, messages are handed over at the next turn of the event loop',
  'one that polls its alarms': 'ours, alarms are looked after every 90 ms',
  'one that closes at once': 'ours, a close is answered before it returns, and registrations after it are refused with another code',
  'an eventual one': 'ours, a new server shows 4 ms after it was acknowledged; claims eventual',
  'one without stores or shortcuts': 'complete, and nothing like ours: one step after the other',
  'one that delivers calls from within at once': 'complete, and nothing like ours: calls from within a send are delivered at once',
  'one that delivers a job later': 'complete: messages are handed over a job of the promise queue later',
  'one that counts what changes nothing': 'complete: what changes nothing counts as a write',
  'one that refuses at once': 'complete: what can be refused at the call is refused there, before its turn',
  'one written from the text alone': 'complete, and nothing like ours: a lane for each partition, and calls from within a send are delivered at once; what changes nothing counts as a write',
};

/** Those of them that are late by real time. */
const late = new Set(['one that is late', 'an eventual one']);

const written = (adapter: Adapter): CorrectRegistry => ({ adapter, differs: differences[adapter.name] ?? '', takesTime: late.has(adapter.name) });

/** Correct registries whose verdicts with many seeds are kept: to accuse one of them is a fault of the kit. */
export const innocents: readonly CorrectRegistry[] = [...[ours, ...correct, ...foundations, third].map(written), ...correctRegistries, ...correctThird, ...correctFourth];

/** Every correct registry there is: the lots that have not been judged with so many seeds yet as well. */
export const everyInnocent: readonly CorrectRegistry[] = [...innocents, ...correctFifth, ...correctSixth];

export const findInnocent = (name: string): CorrectRegistry | undefined => everyInnocent.find(({ adapter }) => adapter.name === name);

/** One for each liberty that is taken most: they are tried with all the seeds. */
const thorough = new Set([
  ours.name,
  'one with another precedence',
  'batches',
  'snapshots and group commits',
  'mailboxes for eight',
  'one with other answers',
  'one mailbox for everything',
  'yields at every step',
  'eventual: a replica',
]);

/** How many of so many seeds a registry is tried with. */
export function seedsOf(name: string, seeds: number): number {
  return thorough.has(name) ? seeds : Math.ceil(seeds / (findInnocent(name)?.takesTime ? 30 : 15));
}
