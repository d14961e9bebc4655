import { z } from 'zod';
import { specificationVersions } from '../../spec/index.js';

/**
 * The result of a verification: the one type from which every report is made, as a schema, so that the published JSON
 * Schema and the types cannot differ.
 */

const status = z.enum(['passed', 'failed', 'inconclusive', 'untested']);

/** A page shows so many fluently; of longer histories those are kept that are nearest to what is wrong. */
export const mostShownOperations = 10_000;

const timeline = z.object({
  unit: z.enum(['ns', 'steps']).describe('What times are counted in.'),
  operations: z
    .array(
      z.object({
        lane: z.number().int().nonnegative().describe('Whose it is, of `lanes`.'),
        text: z.string(),
        answer: z.string().optional(),
        start: z.number(),
        end: z.number().optional().describe('Absent: it may have happened at any time after its start, or never.'),
        place: z.number().int().nonnegative().optional().describe('Its place in the longest order that the specification allows.'),
        stuck: z.boolean().optional().describe('It could have been next by its times, and has no place there.'),
        core: z.boolean().optional().describe('It is one of the fewest that contradict each other.'),
      }),
    )
    .max(mostShownOperations),
  lanes: z.array(z.string()),
  outOf: z.number().int().describe('How many operations the history has.'),
  ordered: z.boolean().describe('Whether an order was looked for: without, no operation has a place.'),
});

const failure = z.object({
  message: z.string().describe('What is wrong, in a sentence.'),
  expected: z.string(),
  actual: z.string(),
  steps: z.array(z.object({ text: z.string(), answer: z.string() })).describe('The operations, shrunk where they were random, and what each answered.'),
  stateBefore: z.array(z.string()).describe('What the specification says the registry held before the last step.'),
  interleaving: z
    .array(z.object({ client: z.number().int().optional(), text: z.string(), switch: z.boolean().describe('Whether another client is interrupted here.') }))
    .optional()
    .describe('Of operations that overlap: who took which step, one after the other; clients are counted from 0.'),
  timeline: timeline.optional().describe('Of operations that overlap: when each was called and answered, and the longest order that explains the most of them.'),
  replay: z.string().describe('A command line that replays exactly this case.'),
});

const situation = z.object({
  what: z.string().describe('What has to come about for the check to say anything, in a few words.'),
  occurred: z.number().int().nonnegative().describe('How often it came about, by what the registry itself answered and did: without it nothing has passed.'),
});

const percentiles = z.object({ p50: z.number(), p90: z.number(), p99: z.number(), p999: z.number(), max: z.number() }).describe('Milliseconds.');

const spread = z
  .object({ queue: percentiles, service: percentiles, total: percentiles })
  .describe('How long calls waited for their turn, how long they were served, and both together, from when they were due.');

const measurement = z.object({
  metric: z.string(),
  unit: z.string(),
  relation: z.enum(['<', '<=', '>=']),
  limit: z.number(),
  limitFrom: z.enum(['specification', 'adapter']).describe('Whose number the registry was held to.'),
  verdict: z.enum(['pass', 'fail', 'undecided', 'invalid']).describe('Undecided: too near the limit for what was measured. Invalid: the run says something about the machine or the generator, and nothing about the registry.'),
  value: z.number().nullable(),
  low: z.number().nullable().describe('Where an interval of the value begins: it is more with 95 % confidence.'),
  high: z.number().nullable().describe('Where it ends: it is less with 95 % confidence.'),
  samples: z.number().int().nonnegative(),
  over: z.number().int().nonnegative().optional().describe('Of how many samples the limit was exceeded.'),
  failures: z.number().int().nonnegative().optional().describe('How many were refused or answered wrongly; they count as over the limit.'),
  conditions: z.string(),
  method: z.string(),
  spread: spread.optional(),
  nullRun: z
    .object({ value: z.number().nullable(), over: z.number().int().nonnegative().optional(), spread: spread.optional() })
    .optional()
    .describe('The same harness with an adapter that does nothing, between the blocks of the registry.'),
  machine: z
    .object({
      achieved: z.number().optional().describe('The share of the load that was made in the null run: at least 0.99, or the run is invalid.'),
      stolen: z.number().describe('The share of its time that the registry lost to others on the machine.'),
      nullStolen: z.number().describe('The same of the null run.'),
      longestGapMs: z.number().optional().describe('The longest time between two turns of the event loop in the null run.'),
    })
    .optional(),
  notes: z.array(z.string()).optional(),
});

const checkResult = z.object({
  title: z.string(),
  status,
  evidence: z.number().int().nonnegative().describe('How many expectations were put to the test, those included that were trivial.'),
  situation,
  milliseconds: z.number().nonnegative(),
  reason: z.string().optional().describe('Why it is inconclusive or untested.'),
  failure: failure.optional(),
  measurement: measurement.optional().describe('What was measured, of a requirement that carries numbers.'),
  mayFollowFrom: z.array(z.string()).optional().describe('Broken requirements that this check takes for granted: with them mended, it may pass.'),
});

const requirementResult = z.object({
  id: z.string(),
  level: z.enum(['MUST', 'SHOULD']),
  text: z.string(),
  status,
  reason: z.string().optional(),
  checks: z.array(checkResult),
});

const share = z.object({
  covered: z.number().int().describe('Taken by the registry as the model takes them.'),
  reachable: z.number().int().describe('Can be come to with what the adapter offers.'),
  total: z.number().int(),
});

const schedules = z.object({
  programs: z.number().int().describe('Small programs of overlapping operations.'),
  exhausted: z.number().int().describe('Programs of which every schedule was run.'),
  run: z.number().int().describe('Schedules that were run.'),
  random: z.number().int().describe('Of these, schedules chosen at random.'),
  outOf: z.number().describe('Schedules that these programs have, estimated where not all were run.'),
  late: z.boolean().describe('Whether the time was over before all programs had been run.'),
  commands: z.number().int().describe('Beside these, random commands that were run, each time under one random schedule.'),
});

const machine = z.object({
  name: z.string(),
  title: z.string(),
  initial: z.string(),
  states: z.array(z.object({ name: z.string(), covered: z.boolean(), reachable: z.boolean() })),
  transitions: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      event: z.string(),
      guard: z.string().optional().describe('The guard that said yes.'),
      effects: z.array(z.string()),
      covered: z.boolean(),
      reachable: z.boolean().describe('Whether the walk through the model can come to it with what the adapter offers.'),
    }),
  ),
});

const coverage = z.object({
  states: share,
  transitions: share,
  guards: share.describe('Outcomes of guards of the machines: each has said yes, and has said no.'),
  disagreements: z.number().int().describe('Transitions that the registry did not take as the model does.'),
  unreachable: z.array(z.object({ reason: z.string(), transitions: z.number().int() })),
  machines: z.array(machine).optional().describe('The machines that the model is made of, and which of their transitions came about.'),
});

const load = z.object({
  spread: z.enum(['tasks', 'threads', 'processes']).describe('Where clients were: tasks of the event loop of the registry, or threads or processes of their own.'),
  access: z.enum(['in process', 'served', 'connected']).describe('Whether the host called the registry for clients in threads and processes (served), or they did themselves (connected).'),
  clients: z.number().int(),
  loads: z.number().int().describe('How many were run, each on a fresh registry; one of them has a thousand clients.'),
  asked: z.number().int().describe('How many operations were to be made.'),
  operations: z.number().int().describe('How many were made in the time that there was, with those that looked names up afterwards.'),
  judged: z.number().int(),
  lost: z.number().int().describe('Of how many it is not known what became of them: they may have happened at any time after their call, or never.'),
  overlapping: z.number().min(0).max(1).describe('Which share of the operations overlapped another.'),
  perSecond: z.number().nonnegative(),
  milliseconds: z.number().nonnegative(),
  abandoned: z.array(z.string()).describe('Workers that were given up, and why.'),
  verdict: z.enum(['linearizable', 'violated', 'unknown']),
});

const baseline = z.object({
  outcome: z.enum(['met', 'broken', 'inconclusive']).describe('Broken: something fails that is not listed, or something listed passes (stale).'),
  entries: z.array(
    z.object({
      list: z.enum(['expected', 'flaky']),
      id: z.string().describe('A requirement or a pattern.'),
      reason: z.string(),
      state: z.enum(['failed', 'inconclusive', 'passed', 'stale', 'not judged']),
      requirements: z.array(z.string()).describe('The requirements of the report that it means.'),
    }),
  ),
  unexpected: z.array(z.string()).describe('Requirements that failed or are inconclusive, and are on no list.'),
});

const conditions = z.object({
  kit: z.string().describe('The version of the kit.'),
  node: z.string(),
  platform: z.string(),
  processors: z.number().int(),
  profile: z.string().optional(),
});

/** Optional properties may come without a new `schemaVersion`; it grows when one goes, or means something else. */
export const report = z.object({
  schemaVersion: z.literal(1),
  specification: z.enum(specificationVersions),
  registry: z.object({
    name: z.string(),
    version: z.string().optional(),
    consistency: z.string(),
    features: z.array(z.string()),
  }),
  verdict: z.enum(['conformant', 'not conformant', 'inconclusive']),
  interrupted: z.boolean().describe('Whether the run was cut short, and shows only what was found so far.'),
  seed: z.number().int(),
  runs: z.number().int().positive(),
  sequences: z.number().int().nonnegative().describe('How many random command sequences were run.'),
  milliseconds: z.number().nonnegative(),
  counts: z.object({ passed: z.number(), failed: z.number(), warnings: z.number(), inconclusive: z.number(), untested: z.number() }),
  requirements: z.array(requirementResult),
  schedules: schedules.optional().describe('How many orders of overlapping operations were tried (CON, DLK).'),
  load: load.optional().describe('What clients did all at once (CON, DLK, LST-3, RTE).'),
  conditions: conditions.optional().describe('Where and with what it was run.'),
  baseline: baseline.optional().describe('What was known not to hold, and whether it came so.'),
  model: coverage.optional().describe('How much of the model the registry was walked through (MODEL-1).'),
});

/** What became of a check, a requirement, or the whole. */
export type Status = z.infer<typeof status>;
/** What a failed check shows: expected and actual, the operations, the state before, and a command that replays it. */
export interface Failure extends z.infer<typeof failure> {}
/** What a check is about, and how often it came about. */
export interface Situation extends z.infer<typeof situation> {}
/** What was measured, and what it says of a limit. */
export interface Measurement extends z.infer<typeof measurement> {}
/** What became of one check. */
export interface CheckResult extends z.infer<typeof checkResult> {}
/** What became of one requirement. */
export interface RequirementResult extends z.infer<typeof requirementResult> {}
/** How much of the model a registry was walked through. */
export interface ModelCoverage extends z.infer<typeof coverage> {}
/** The verdict on a registry, and all that it rests on. */
export interface Report extends z.infer<typeof report> {}
/** When overlapping operations were called and answered, and how far they can be explained. */
export interface Timeline extends z.infer<typeof timeline> {}
/** A machine of the model, and what of it came about. */
export interface MachineCoverage extends z.infer<typeof machine> {}
/** How many orders of overlapping operations were tried. */
export interface ScheduleCoverage extends z.infer<typeof schedules> {}
/** What clients did all at once. */
export interface LoadCoverage extends z.infer<typeof load> {}
/** What was known not to hold, and whether it came so. */
export interface Baseline extends z.infer<typeof baseline> {}
/** Where and with what a verification was run. */
export interface Conditions extends z.infer<typeof conditions> {}
