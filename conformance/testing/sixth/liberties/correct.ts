import type { Correct } from '../correct.js';
import { abacus } from './abacus.js';
import { advocate, advocateWith } from './advocate.js';
import { cells } from './cells.js';
import { ledger } from './ledger.js';
import { leases } from './leases.js';
import { mirror } from './mirror.js';
import { mono } from './mono.js';
import { office } from './office.js';
import { realm } from './realm.js';
import { trie } from './trie.js';
import { warden } from './warden.js';
import { wire } from './wire.js';

/** Twelve registries that satisfy the specification by its letter, and take the liberties that it leaves. */
export const correct: readonly Correct[] = [
  {
    id: 'liberties-abacus',
    how: 'Five operations on one open-addressing table in columns: everything answers at once (undefined or null, refusals thrown), configurations come back with sorted keys from text, an id hash seeded anew, no liveness, null for nothing, and registrations after close refused with store_failed.',
    adapter: abacus,
  },
  {
    id: 'liberties-mono',
    how: 'Five operations, one fixed partition, a skip list that commits everything asked for in the next microtask: bare thenables, arguments refused by throwing and the rest through the thenable, no configurations, real time, downs and empty unregistrations are writes.',
    adapter: mono,
  },
  {
    id: 'liberties-trie',
    how: 'Servers, transports, lists and admission by hand on crit-bit trees: sorted frozen lists, writes at once but lookups promised, not in-process (a down is acted on a turn later), admission_control_active before any other refusal, frozen errors.',
    adapter: trie,
  },
  {
    id: 'liberties-cells',
    how: 'A slot map with generations and chains in columns, no statistics, contention or override: everything at once, extra fields, configurations by structuredClone (more than JSON), capturing listeners, deliveries of a class of its own, broadcasts that still reach the unbound, errors whose code is hidden from enumeration.',
    adapter: cells,
  },
  {
    id: 'liberties-ledger',
    how: 'Event-sourced, with commits that overlap in a pipeline and take effect in order: two writes at once both take one commit time; frozen answers that stay the same object, a randomly keyed hash, admission asked again at the commit, a bind that holds to the incarnation it saw at its call, and a wait-for graph to show.',
    adapter: ledger,
  },
  {
    id: 'liberties-leases',
    how: 'Listens to no signal: downs are seen on looking and swept up by whatever is called; a write takes effect when its turn comes and is answered when the store has it; answers at once when it can and by a promise when it cannot, null for nothing, objects without prototypes, what is refused or changes nothing costs no commit and no count, close takes what has taken effect as committed.',
    adapter: leases,
  },
  {
    id: 'liberties-office',
    how: 'An actor: every answer is promised, reads and routing included; group commit (what waits is one commit), write_timeout after two seconds and outcome_unknown after five, configurations copied as late as the commit, downs are writes of no latency, reads after close refused, descending lists.',
    adapter: office,
  },
  {
    id: 'liberties-wire',
    how: 'A client and a host that exchange text frames a turn of the event loop apart, with settle and dispose: not in-process, no word of what sends do, lanes are promise chains, sha-256 places ids, plain errors with fields added.',
    adapter: wire,
  },
  {
    id: 'liberties-mirror',
    how: 'Eventually consistent within 100 ms: reads alternate between mirrors 90 and 40 ms behind, so they may go back and forth; downs and the end of a server are seen at once, routing follows the leader, lists are shuffled, rendezvous hashing, thresholds are no options.',
    adapter: mirror,
  },
  {
    id: 'liberties-warden',
    how: 'Alarms are noted on rounds of 80 ms that a timer makes while the registry is not idle, so they come and go late within what is allowed; lanes hold sixteen waiting writes and refuse more with partition_overloaded; close waits for what is on its way, for five seconds at most, and later calls wait for it; answers have their properties as getters of a class.',
    adapter: warden,
  },
  {
    id: 'liberties-realm',
    how: 'One immutable value of hash array mapped tries; everything handed out, errors and deliveries included, comes from another realm (no Array, Error or Object of the caller); thenables that call back at once from within the commit; bindings are numbers that lapse; close refuses what is on its way with store_failed.',
    adapter: realm,
  },
  {
    id: 'liberties-advocate',
    how: 'Where several refusals apply any is given, another each time; broadcasts are counted at once and delivered in a microtask, or before whatever else is routed there; an unregistered sender is refused; a throwing send does not count; reads of a closed registry now give nothing, now are refused; what has nothing to do is no write.',
    adapter: advocate,
  },
];

/** Registries whose correctness hangs on how an ambiguous place is read: see the report. Not among the twelve. */
export const disputed: readonly Correct[] = [
  {
    id: 'liberties-disputed-eager',
    how: 'Refuses at the call what the state at that moment refuses, although writes that would change it wait in the same lane (linearizable, since a refusal at the call is a moment between call and answer; DLK-2 speaks of effects).',
    adapter: advocateWith('liberties: disputed, eager refusals', { eager: true }),
  },
  {
    id: 'liberties-disputed-closed',
    how: 'Once closed, refuses every operation with registry_closed, unregistration, unbinding, routing and statistics included (CLS-1 speaks of registrations and reads; UNR-2, BND-5 and RTE-2 know no exception).',
    adapter: advocateWith('liberties: disputed, nothing after close', { nothingAfterClose: true }),
  },
  {
    id: 'liberties-disputed-boundary',
    how: 'A sample is in the window yet at exactly one second after its commit, and gone after it (CTN-4 says it leaves then).',
    adapter: advocateWith('liberties: disputed, a sample of exactly one second', { samplesStay: true }),
  },
];
