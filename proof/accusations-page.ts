import { z } from 'zod';
import { untried, type Trial } from './accuse.js';
import { everyInnocent, innocents, seedsOf } from './innocents.js';

/** What came of it, as it is kept. */
export const accusationsSchema = z.object({
  runs: z.number().describe('Random sequences of each suite with each seed.'),
  registries: z.array(
    z.object({
      registry: z.string(),
      differs: z.string(),
      revisions: z.array(z.string()).describe('The commits that it was judged by, as `git describe --always --dirty` names them; most trials first.'),
      seeds: z.number().describe('How many seeds were tried, from 1.'),
      model: z.boolean().describe('Whether it was walked through the model.'),
      passed: z.array(z.string()).describe('Requirements that passed with some seed, and were accused with none.'),
      accused: z.array(z.object({ seed: z.union([z.number(), z.literal('the model')]), requirement: z.string(), check: z.string(), message: z.string() })),
      inconclusive: z.array(z.object({ seed: z.union([z.number(), z.literal('the model')]), requirement: z.string(), reason: z.string() })),
      untried: z.array(z.string()).describe('Requirements that no seed put to the test, although the adapter offers what they need.'),
      sequences: z.number(),
      schedules: z.number(),
      operations: z.number().describe('Operations of loads.'),
      seconds: z.number(),
    }),
  ),
});

export type Accusations = z.infer<typeof accusationsSchema>;

/** A trial, and by what the kit was when it was made. */
export interface KeptTrial extends Trial {
  readonly runs: number;
  readonly revision: string;
}

/** Puts together what was said of each registry. */
export function summariseTrials(trials: readonly KeptTrial[], runs: number): Accusations {
  const by = new Map<string, KeptTrial[]>();
  for (const trial of trials) by.set(trial.registry, [...(by.get(trial.registry) ?? []), trial]);
  const registries = everyInnocent.flatMap(({ adapter: { name }, differs }) => {
    const all = by.get(name);
    if (all === undefined) return [];
    all.sort((a, b) => Number(a.seed) - Number(b.seed));
    const sum = (of: (trial: Trial) => number): number => all.reduce((total, trial) => total + of(trial), 0);
    const accused = all.flatMap((trial) => trial.accused.map((one) => ({ seed: trial.seed, ...one })));
    const passed = new Set(all.flatMap((trial) => trial.passed));
    const open = all.flatMap((trial) => trial.open.map((one) => ({ seed: trial.seed, ...one })));
    for (const { requirement } of accused) passed.delete(requirement);
    const revisions = new Map<string, number>();
    for (const { revision } of all) revisions.set(revision, (revisions.get(revision) ?? 0) + 1);
    return [{
      registry: name,
      differs,
      revisions: [...revisions].sort(([, a], [, b]) => b - a).map(([revision]) => revision),
      seeds: all.filter(({ seed }) => seed !== 'the model').length,
      model: all.some(({ seed }) => seed === 'the model'),
      passed: [...passed].sort(),
      accused,
      inconclusive: open.filter(({ reason }) => reason !== untried),
      untried: [...new Set(open.filter(({ reason, requirement }) => reason === untried && !passed.has(requirement)).map(({ requirement }) => requirement))],
      sequences: sum(({ sequences }) => sequences),
      schedules: sum(({ schedules }) => schedules),
      operations: sum(({ operations }) => operations),
      seconds: Math.round(sum(({ seconds }) => seconds)),
    }];
  });
  return { runs, registries };
}

/**
 * What is kept from now on: of whom has been judged with as many seeds as before, or more, what was said of it now. Other numbers of
 * sequences are not mixed: they are kept if all were judged by them.
 */
export function keepLatest(before: Accusations, now: Accusations): Accusations {
  if (now.runs !== before.runs) return now.registries.length === innocents.length ? now : before;
  const said = new Map(before.registries.map((one) => [one.registry, one]));
  for (const one of now.registries) if (one.seeds >= (said.get(one.registry)?.seeds ?? 0)) said.set(one.registry, one);
  return { runs: now.runs, registries: innocents.flatMap(({ adapter: { name } }) => said.get(name) ?? []) };
}

/** What is wrong: any accusation, what could not be told, and registries or seeds that are missing. */
export function faultsOf({ registries }: Accusations, seeds: number, names: readonly string[]): string[] {
  const found = new Map(registries.map((one) => [one.registry, one]));
  return names.flatMap((name) => {
    const one = found.get(name);
    if (one === undefined) return [`${name}: was not tried`];
    return [
      ...(one.seeds < seedsOf(name, seeds) || !one.model ? [`${name}: ${one.seeds} of ${seedsOf(name, seeds)} seeds were tried${one.model ? '' : ', and it was not walked through the model'}`] : []),
      ...one.accused.map(({ seed, requirement, message }) => `${name}, seed ${seed}: ${requirement} is accused: ${message}`),
      ...one.inconclusive.map(({ seed, requirement, reason }) => `${name}, seed ${seed}: ${requirement} is inconclusive: ${reason}`),
      ...one.untried.map((requirement) => `${name}: ${requirement} was never put to the test`),
    ];
  });
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const thousands = (count: number): string => count.toLocaleString('en');

/** All of it, as a page. */
export function accusationsPage({ runs, registries }: Accusations): string {
  const sum = (of: (one: Accusations['registries'][number]) => number): number => registries.reduce((total, one) => total + of(one), 0);
  const lines = [
    '<!-- Generated by `npm run false-accusations`. -->',
    '',
    '# False accusations',
    '',
    `${registries.length} correct registries that differ from ours as much as the specification allows, each judged by everything but the service levels with the seeds that the table says, ${runs} random sequences of each suite and ${2 * runs} overlapping programs with each seed, and walked once through the whole model: ${thousands(sum(({ sequences }) => sequences))} sequences, ${thousands(sum(({ schedules }) => schedules))} schedules and ${thousands(sum(({ operations }) => operations))} operations of loads. One for each liberty that is taken most is tried with all the seeds, the others with a fifteenth of them, and those of these that take real time with a thirtieth. *As of* names the commits of the kit that judged. *Passed* counts requirements; the others need what the registry does not offer. [How the kit is proved](proof.md) says what that means and what not.`,
    '',
    '| registry | how it differs | seeds | passed | accused | inconclusive | sequences | schedules | minutes | as of |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...registries.map((one) =>
      `| ${cell(one.registry)} | ${cell(one.differs)} | ${one.seeds}${one.model ? '' : ', no walk'} | ${one.passed.length} | ${one.accused.length === 0 ? '0' : `**${one.accused.length}**`} | ${one.inconclusive.length} | ${thousands(one.sequences)} | ${thousands(one.schedules)} | ${(one.seconds / 60).toFixed(1)} | ${one.revisions.join(', ')} |`,
    ),
  ];
  const accused = registries.flatMap((one) => one.accused.map((what) => ({ registry: one.registry, ...what })));
  const open = registries.flatMap((one) => [...one.inconclusive.map((what) => ({ registry: one.registry, ...what })), ...one.untried.map((requirement) => ({ registry: one.registry, seed: 'any', requirement, reason: untried }))]);
  if (accused.length > 0) lines.push('', '## Accused', '', ...accused.map(({ registry, seed, requirement, check, message }) => `- ${registry}, seed ${seed}: **${requirement}**, ${check}: ${message}`));
  if (open.length > 0) lines.push('', '## Not told', '', ...open.map(({ registry, seed, requirement, reason }) => `- ${registry}, seed ${seed}: ${requirement}: ${reason}`));
  return `${lines.join('\n')}\n`;
}
