import { checks } from '../conformance/checks/index.js';
import type { Row } from './kill.js';

/** What a check written by hand is worth: how many broken registries fail it, and how many fail it and no other. */
export interface CheckFigures {
  readonly requirement: string;
  readonly check: string;
  readonly mutants: number;
  /** Broken registries that no other check written by hand finds out. Random sequences, programs and loads may find them as well. */
  readonly alone: readonly string[];
}

const key = (requirement: string, check: string): string => `${requirement}: ${check}`;

/** The columns of a matrix, in the order in which the checks are run. O(failures). */
export function checkFigures(rows: readonly Row[]): CheckFigures[] {
  const byHand = new Set(checks.map(({ requirement, title }) => key(requirement, title)));
  const mutants = new Map<string, number>();
  const alone = new Map<string, string[]>();
  for (const { mutant, failed } of rows) {
    const found = new Set(failed.map(({ requirement, check }) => key(requirement, check)).filter((one) => byHand.has(one)));
    for (const one of found) mutants.set(one, (mutants.get(one) ?? 0) + 1);
    const [only, another] = found;
    if (only !== undefined && another === undefined) alone.set(only, [...(alone.get(only) ?? []), mutant]);
  }
  return checks.map(({ requirement, title }) => {
    const one = key(requirement, title);
    return { requirement, check: title, mutants: mutants.get(one) ?? 0, alone: alone.get(one) ?? [] };
  });
}
