import type { CorrectRegistry } from '../correct-registries.js';
import type { Mutant } from '../mutant.js';
import { correct as correctCaches } from './caches/correct.js';
import { mutants as caches } from './caches/mutants.js';
import { correct as correctFigures } from './figures/correct.js';
import { mutants as figures } from './figures/mutants.js';
import { correct as correctLanes } from './lanes/correct.js';
import { mutants as lanes } from './lanes/mutants.js';
import { correct as liberties } from './liberties/correct.js';
import { correct as correctLifetimes } from './lifetimes/correct.js';
import { mutants as lifetimes } from './lifetimes/mutants.js';

/*
 * The sixth lot: written from the specification alone, by five who had seen no check. Four of them have a registry of their own that is
 * right, others made from it that are as well, and faults that need a particular history, size or order of things; the fifth has twelve
 * that are right, and take every liberty.
 */

const needsOverlap = ({ breaks: [first] }: Mutant): boolean => first!.startsWith('CON-');
const others: readonly Mutant[] = [...caches, ...figures, ...lifetimes];

export const heldOutSixth: readonly Mutant[] = others.filter((mutant) => !needsOverlap(mutant));

/** Right as long as operations come one after the other. */
export const heldOutSixthInOverlap: readonly Mutant[] = [...lanes, ...others.filter(needsOverlap)];

export const correctSixth: readonly CorrectRegistry[] = [...correctCaches, ...correctLanes, ...correctFigures, ...correctLifetimes, ...liberties].map(({ adapter, how }) => ({ adapter, differs: how, takesTime: adapter.consistency?.level === 'eventual' }));
