import type { RequirementId } from '../../spec/index.js';
import { anything, replaying, serial, type Random } from './choosers.js';
import { FewestFirst } from './fewest-first.js';
import type { Run } from './overlap.js';
import { inSequence, smaller, type ConcurrentProgram } from './program.js';
import type { RegistryStep } from './registry-world.js';
import type { Chooser, Schedule } from './world.js';

/** Runs a program under a schedule. Undefined: the chooser gave up on it. */
export type Attempt = (program: ConcurrentProgram, chooser: Chooser<RegistryStep>) => Promise<Run | undefined>;

/** A program, and what came of it under a schedule that makes it fail. */
export interface Failing {
  readonly program: ConcurrentProgram;
  readonly run: Run;
}

/** Whether operations of a program go wrong one after the other, in one of so many orders. */
export async function failsInSequence(attempt: Attempt, program: ConcurrentProgram, random: Random, orders: number): Promise<boolean> {
  const apart = inSequence(program);
  for (let i = 0; i < orders; i++) if ((await attempt(apart, serial(random)))?.violation !== undefined) return true;
  return false;
}

/**
 * Makes a failure small: first the program, in its operations, then the schedule, in how often clients interrupt each other. Undefined
 * if it fails without any overlap after all.
 */
export async function shrinkFailing(attempt: Attempt, failing: Failing, random: Random): Promise<Failing | undefined> {
  const requirement = failing.run.violation!.requirement!;
  const { program, run } = await fewestOperations(attempt, failing, requirement, random);
  if (await failsInSequence(attempt, program, random, 60)) return undefined;
  return { program, run: (await leastInterrupted(attempt, program, requirement, 1_200)) ?? run };
}

/** Takes one thing after the other out of the program, as long as it can be made to fail. */
async function fewestOperations(attempt: Attempt, failing: Failing, requirement: RequirementId, random: Random): Promise<Failing> {
  for (const program of smaller(failing.program)) {
    const run = await provoke(attempt, program, requirement, failing.run.schedule, random);
    if (run === undefined || (await failsInSequence(attempt, program, random, 10))) continue;
    return fewestOperations(attempt, { program, run }, requirement, random);
  }
  return failing;
}

/** A run in which a program breaks the requirement: under the schedule given, or another. */
async function provoke(attempt: Attempt, program: ConcurrentProgram, requirement: RequirementId, schedule: Schedule, random: Random): Promise<Run | undefined> {
  const first = await attempt(program, replaying(schedule));
  if (first?.violation?.requirement === requirement) return first;
  for (let i = 0; i < 40; i++) {
    const run = await attempt(program, anything(random));
    if (run?.violation?.requirement === requirement) return run;
  }
  return leastInterrupted(attempt, program, requirement, 150);
}

/** The run with the fewest interruptions, of so many, in which a program breaks the requirement. */
async function leastInterrupted(attempt: Attempt, program: ConcurrentProgram, requirement: RequirementId, most: number): Promise<Run | undefined> {
  const inOrder = new FewestFirst<RegistryStep>();
  for (let i = 0; i < most && inOrder.advance(); i++) {
    const run = await attempt(program, inOrder);
    if (run?.violation?.requirement === requirement) return run;
  }
  return undefined;
}
