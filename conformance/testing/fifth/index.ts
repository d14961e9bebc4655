import type { CorrectRegistry } from '../correct-registries.js';
import type { Mutant } from '../mutant.js';
import { correct as correctLoad } from './load/correct.js';
import { mutants as load } from './load/mutants.js';
import { correct as correctNames } from './names/correct.js';
import { mutants as names } from './names/mutants.js';
import { correct as correctOverlap } from './overlap/correct.js';
import { mutants as overlap } from './overlap/mutants.js';
import { correct as correctRouting } from './routing/correct.js';
import { mutants as routing } from './routing/mutants.js';

/*
 * The fifth lot: written from the specification alone, by four who had seen no check, each with a registry of their own that is right, and
 * faults that need a particular combination or order of things.
 */

export const heldOutFifth: readonly Mutant[] = [...names, ...routing, ...load];

/** Right as long as operations come one after the other. */
export const heldOutFifthInOverlap: readonly Mutant[] = overlap;

export const correctFifth: readonly CorrectRegistry[] = [...correctNames, ...correctRouting, ...correctLoad, ...correctOverlap];
