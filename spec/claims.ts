import type { RequirementId } from './requirements.js';

/**
 * What became of a claim of the seed, the Erlang design that this one comes from: *adopted* as it stands; *sharpened*,
 * made precise enough to test; *refuted*, false of the code that shipped with it or of anything; *not ours*, a fact about
 * the Erlang delivery that says nothing about a registry.
 */
export type ClaimVerdict = 'adopted' | 'sharpened' | 'refuted' | 'not ours';

/** A claim of the seed, in its words, and what became of it. */
export interface Claim {
  readonly id: string;
  readonly quote: string;
  readonly verdict: ClaimVerdict;
  /** How it was sharpened, or why it was refuted. */
  readonly why: string;
  readonly requirements: readonly RequirementId[];
}

export const claims: readonly Claim[] = [
  // The interface
  { id: 'C-API', quote: 'Full API compatibility with original registry; register_server/3, register_transport/3, …', verdict: 'adopted', why: 'Every operation is here under its name in camelCase; what it does when a name is taken, free or gone is stated.', requirements: ['REG-1', 'REG-2', 'REG-5', 'CFG-1', 'UPD-1', 'UNR-1', 'UNR-2', 'STA-4'] },
  { id: 'C-LOOKUP', quote: 'find_server/1, find_transport/1 - Direct O(1) lookups; direct ETS access (lock-free reads)', verdict: 'sharpened', why: 'A lookup gives the current incarnation or nothing, and never waits for a write; the time it takes is in chapter SLA.', requirements: ['LKP-1', 'LKP-2', 'DLK-1'] },
  { id: 'C-LISTS', quote: 'List operations validation', verdict: 'sharpened', why: 'A list is a snapshot, and what it must and must not hold while others write is stated.', requirements: ['LST-1', 'LST-2', 'LST-3'] },
  { id: 'C-BINDING', quote: 'Server/transport binding tests', verdict: 'sharpened', why: 'Bindings tie incarnations, not names. The code bound a transport to a server that did not exist.', requirements: ['BND-1', 'BND-2', 'BND-3', 'BND-4', 'BND-5', 'BND-6', 'BND-7', 'BND-8', 'BND-9', 'INC-2'] },
  { id: 'C-ROUTING', quote: 'route_to_server/3, route_to_transport/3 - Async message routing', verdict: 'sharpened', why: 'At most once, in order per sender and recipient, to the incarnation registered at that moment; the sender learns to how many.', requirements: ['RTE-1', 'RTE-2', 'RTE-4', 'RTE-5', 'RTE-6', 'RTE-8'] },
  { id: 'C-BROADCAST', quote: 'Message routing tests (unicast, broadcast); broadcast performance', verdict: 'sharpened', why: 'Each transport bound at the moment of the call, exactly once; the seed gives no figure, so chapter SLA sets one.', requirements: ['RTE-3', 'RTE-9', 'SLA-6'] },
  { id: 'C-ERRORS', quote: 'Error handling: comprehensive try-catch and validation', verdict: 'sharpened', why: 'Every refusal has a stable code and changes nothing.', requirements: ['ERR-1', 'REG-4', 'UPD-2', 'BND-2', 'BND-3', 'RTE-6', 'CON-3'] },
  { id: 'C-LIVENESS', quote: 'gproc integration for process monitoring; gproc monitoring for process cleanup', verdict: 'refuted', why: 'The code did not react to "down". Here it is required, with the incarnation rule that a late "down" must obey.', requirements: ['EPT-1', 'REG-3', 'INC-1', 'DWN-1', 'DWN-2', 'DWN-3', 'DWN-4', 'RTE-8'] },

  // Partitions
  { id: 'C-PARTITIONS', quote: '16-partition design (configurable 8-64); Configuration (8, 16, 32, 64 partitions)', verdict: 'adopted', why: 'Any number from 1 to 64, 16 by default.', requirements: ['PRT-1'] },
  { id: 'C-HASH', quote: 'phash2(ServerId) rem 16 → uniform distribution, deterministic mapping', verdict: 'sharpened', why: 'Uniform means: not distinguishable from uniform by a chi-squared test, for each family of ids met in practice.', requirements: ['PRT-2', 'PRT-3'] },
  { id: 'C-DEVIATION', quote: 'Hash distribution analysis (the figure, a maximum deviation below 5 % at 1,000 ids, is from its longer guide, as quoted to us)', verdict: 'refuted', why: 'With 1,000 ids in 16 partitions a uniform hash has a standard deviation of 12 % per partition; a maximum below 5 % would be suspicious. Replaced by chi-squared.', requirements: ['PRT-3'] },
  { id: 'C-COLLISIONS', quote: 'No collisions', verdict: 'refuted', why: 'More than 16 ids in 16 partitions collide; all that matters is that they do so uniformly and that names never do.', requirements: ['PRT-3', 'NAM-3', 'NAM-4'] },
  { id: 'C-INDEPENDENT', quote: '16-partition independent design; partition isolation verification', verdict: 'sharpened', why: 'A write that is slow or stuck in one partition delays nothing in another; whether load interferes is measured.', requirements: ['PRT-4', 'SLA-12'] },
  { id: 'C-SHARDED-WRITES', quote: 'Partitioned registration; write_concurrency=true', verdict: 'sharpened', why: 'A write is a step of the partition of its id, and of that one alone.', requirements: ['REG-1', 'DLK-3'] },

  // Monitoring
  { id: 'C-STATS', quote: 'get_partition_stats/0; per-partition metrics: write latency (last 10 samples), write count; automatic latency tracking', verdict: 'sharpened', why: 'What is a write, where its latency begins and ends, and what the summary is of, is stated.', requirements: ['STA-1', 'STA-2', 'STA-3', 'STA-4', 'STA-6', 'CTN-9'] },
  { id: 'C-RESET', quote: 'reset_stats/0 - Metrics reset', verdict: 'adopted', why: 'Clears counts and windows, and nothing else.', requirements: ['STA-5'] },
  { id: 'C-ALARM', quote: 'Contention alarm (>100ms avg latency)', verdict: 'sharpened', why: 'From 10 writes on, over samples of the last second. A write that never ends has no latency, so being stuck raises the alarm by itself.', requirements: ['CTN-1', 'CTN-2', 'CTN-3', 'CTN-4', 'CTN-7'] },
  { id: 'C-DETECTION', quote: 'Detection latency: <100ms; deadlock detect 30+ sec → <100 ms', verdict: 'refuted', why: 'The metrics were looked at once a second ("per-partition metrics every 1 second"), so detection took up to a second. Required here, both ways, and without a timer in an idle registry.', requirements: ['CTN-3', 'CTN-6', 'CTN-8', 'SLA-9'] },
  { id: 'C-STATUS', quote: 'get_contention_status/0 - Deadlock prevention monitoring', verdict: 'adopted', why: 'Shows which partitions are alarmed, and whether registrations are admitted.', requirements: ['CTN-10'] },
  { id: 'C-ADMISSION', quote: 'Triggered when >50% partitions alarmed; rejects new registrations automatically', verdict: 'sharpened', why: 'Strictly more than half, both kinds of registration, and nothing else. The code computed it and never consulted it.', requirements: ['ADM-1', 'ADM-2', 'ADM-3'] },
  { id: 'C-RESUMES', quote: 'Resumes when contention clears', verdict: 'refuted', why: 'Rejected registrations produced no samples, so the mean stayed as it was and admission stayed closed for ever. Here samples age.', requirements: ['CTN-4', 'CTN-5', 'ADM-4'] },
  { id: 'C-OVERRIDE', quote: 'Admission control (automatic + manual override)', verdict: 'adopted', why: 'setAdmission, with three modes.', requirements: ['ADM-5', 'ADM-6', 'ADM-7'] },
  { id: 'C-EXTREME', quote: 'Admission control triggers only under extreme contention', verdict: 'sharpened', why: 'Not while half of the partitions or fewer are alarmed.', requirements: ['ADM-2'] },

  // Deadlock
  { id: 'C-NO-DEADLOCK', quote: 'No gen_server RPC for lookups → no mailbox contention → no circular waits → ZERO deadlock possible', verdict: 'sharpened', why: 'That lookups do not wait says nothing about writes: the code still sent them through one queue. The argument is in chapter DLK.', requirements: ['DLK-1', 'DLK-2', 'DLK-3', 'DLK-4', 'PRT-4', 'RTE-7'] },
  { id: 'C-1000-PROCESSES', quote: 'Zero Deadlock: proven with 1000 concurrent processes', verdict: 'sharpened', why: 'A test with 1,000 processes proves nothing about the next one. Kept as a load to be survived, beside the argument.', requirements: ['DLK-4', 'SLA-8'] },
  { id: 'C-CONCURRENT-TESTS', quote: 'Concurrent registration tests (100+ parallel processes)', verdict: 'sharpened', why: 'What concurrent calls may show is a consistency level, which a registry claims and is held to.', requirements: ['CON-1', 'CON-2'] },

  // Figures
  { id: 'C-LOOKUP-AVG', quote: 'Lookup avg 5-10 µs → 1.2 µs', verdict: 'sharpened', why: 'A figure of one machine. The requirement is the guarantee that the seed derives from it.', requirements: ['SLA-1'] },
  { id: 'C-LOOKUP-P99', quote: 'Lookup p99 50-100 ms → <5 ms; Latency SLA: <5ms p99', verdict: 'adopted', why: 'At 15,000 live entries.', requirements: ['SLA-2'] },
  { id: 'C-SUB-MS', quote: 'Sub-millisecond latency: <1ms guaranteed', verdict: 'refuted', why: 'Contradicts the p99 of 5 ms that the same document promises; kept for the mean.', requirements: ['SLA-1'] },
  { id: 'C-WRITE-AVG', quote: 'Write avg 50-200 µs → 85 µs', verdict: 'sharpened', why: 'A figure of one machine; required is a p99 under a stated load.', requirements: ['SLA-3'] },
  { id: 'C-LOOKUP-RATE', quote: 'Lookups/sec: 1.6M on 16 cores (vs 100K original)', verdict: 'sharpened', why: 'Per core, since cores differ in number.', requirements: ['SLA-4'] },
  { id: 'C-WRITE-RATE', quote: 'Writes/sec: 32K on 16 partitions (vs 2K original)', verdict: 'adopted', why: 'With a store in memory.', requirements: ['SLA-5'] },
  { id: 'C-CONNECTIONS', quote: 'Concurrent connections: 15,000+ (vs 150 original)', verdict: 'adopted', why: 'With the latency limits kept.', requirements: ['SLA-7'] },
  { id: 'C-SCALE-100K', quote: 'Scalability verification (1K to 100K connections)', verdict: 'adopted', why: 'With the latency limits kept.', requirements: ['SLA-7'] },
  { id: 'C-MEMORY', quote: 'Memory: 11% better (2.5 MiB vs 2.8 MiB per 10K entries)', verdict: 'adopted', why: 'The figure is required; by how much it is better than another is not.', requirements: ['SLA-10'] },
  { id: 'C-O1', quote: 'O(1) lookup latency; O(1) operations via direct ETS access', verdict: 'sharpened', why: 'The exponent of growth over three orders of magnitude.', requirements: ['SLA-11'] },
  { id: 'C-VARIANCE', quote: 'Latency variance: eliminated (consistent <3µs)', verdict: 'refuted', why: 'No garbage-collected runtime eliminates it, and the same document allows 5 ms at the 99th percentile. Kept: partitions do not disturb each other.', requirements: ['SLA-12'] },
  { id: 'C-PARALLELISM', quote: '16x parallelism with same core count', verdict: 'refuted', why: 'Partitions on the same cores add none; the original and the sharded figures are of different designs. What partitions give is independence.', requirements: ['PRT-4', 'SLA-12'] },
  { id: 'C-100X', quote: '100x performance improvement; 100x scalability', verdict: 'refuted', why: 'The delivery’s own table shows between 2x and 20x, and 300x for a detection that it did not have.', requirements: [] },
  { id: 'C-AVAILABILITY', quote: 'Availability: 100% (zero downtime)', verdict: 'refuted', why: 'Nothing can promise it. Required instead: operations end, and what fails leaves nothing half done.', requirements: ['DLK-4', 'CON-3'] },

  // About the delivery
  { id: 'C-MIGRATION', quote: 'Zero migration effort; 100% compatible with original registry; supervision tree integration; rollback procedures', verdict: 'not ours', why: 'This is another language.', requirements: [] },
  { id: 'C-TYPES', quote: '100% type-specced', verdict: 'not ours', why: 'A property of code, not of a registry; the shapes of answers are required.', requirements: ['ERR-1'] },
  { id: 'C-TESTED', quote: '80%+ test coverage; all tests passing; ~595 lines of production-ready code', verdict: 'not ours', why: 'Properties of code, not of a registry.', requirements: [] },
  { id: 'C-PRODUCTION', quote: 'Ready for production deployment', verdict: 'refuted', why: 'Not with the faults above. `verify` shows them on a transcription of the design.', requirements: [] },
];
