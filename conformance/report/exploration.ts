import { z } from 'zod';
import type { Exploration } from '../../model/explore/index.js';

const step = z.object({ action: z.string(), state: z.array(z.string()).describe('The state that the step leads to, a line for each thing that there is.') });

const property = z.object({
  id: z.string(),
  kind: z.enum(['always', 'sometimes', 'eventually']),
  requirements: z.array(z.string()),
  text: z.string(),
  verdict: z.enum(['proved', 'witnessed', 'violated', 'vacuous', 'bounded']),
  steps: z.array(step).optional().describe('The shortest way to where it fails, or to its witness.'),
  loopFrom: z.number().int().nonnegative().optional().describe('The steps from this one on, counted from 0, can be repeated for ever.'),
  explanation: z.array(z.string()),
});

const exploration = z.object({
  depth: z.enum(['sequential', 'protocol']),
  variant: z.string().optional().describe('The design that was explored; absent: ours.'),
  size: z.record(z.string(), z.number()),
  symmetries: z.number().int().positive().describe('How many ways of renaming were taken for one.'),
  partialOrder: z.boolean(),
  states: z.number().int(),
  transitions: z.number().int(),
  moves: z.number().int().describe('The transitions that lead to another state.'),
  diameter: z.number().int(),
  milliseconds: z.number(),
  bytesPerState: z.number(),
  bound: z.enum(['states', 'seconds', 'memory', 'interrupted', 'violation']).optional().describe('Why it ended before it had seen everything.'),
  properties: z.array(property),
});

/** All that `explore` found, as it is written with `--json`. */
export const explorationReport = z.object({
  schemaVersion: z.literal(1),
  specification: z.literal('1.0'),
  verdict: z.enum(['proved', 'violated', 'bounded', 'vacuous']),
  explorations: z.array(exploration),
});

/** All that `explore` found. */
export interface ExplorationReport extends z.infer<typeof explorationReport> {}

/** The JSON Schema of it, published as `sharded-registry/explore/report.schema.json`. */
export const explorationSchema: Record<string, unknown> = { title: 'What sharded-registry explore found', ...z.toJSONSchema(explorationReport) };

/** Sums explorations up: one violation is a violation, and what was not seen to its end is not proved. */
export function summariseExplorations(explorations: readonly Exploration[]): ExplorationReport {
  const verdicts = explorations.flatMap(({ properties, bound }) => [...properties.map(({ verdict }) => verdict), ...(bound === undefined ? [] : ['bounded' as const])]);
  const verdict = (['violated', 'bounded', 'vacuous'] as const).find((one) => verdicts.includes(one)) ?? 'proved';
  return {
    schemaVersion: 1,
    specification: '1.0',
    verdict,
    explorations: explorations.map(({ variant, size, bound, properties, ...rest }) => ({
      ...rest,
      ...(variant !== undefined && { variant }),
      ...(bound !== undefined && { bound }),
      size: { ...size } as Record<string, number>,
      properties: properties.map(({ trace, requirements, explanation, ...about }) => ({
        ...about,
        requirements: [...requirements],
        explanation: [...explanation],
        ...(trace && { steps: trace.steps.map(({ action, state }) => ({ action, state: [...state] })) }),
        ...(trace?.loopFrom !== undefined && { loopFrom: trace.loopFrom }),
      })),
    })),
  };
}
