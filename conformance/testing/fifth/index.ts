import type { CorrectRegistry } from '../correct-registries.js';
import type { Mutant } from '../mutant.js';
import { correct as correctLoad } from './load/correct.js';
import { mutants as load } from './load/mutants.js';
import { base as loadBase } from './load/registry.js';
import { correct as correctNames } from './names/correct.js';
import { mutants as names } from './names/mutants.js';
import { base as namesBase } from './names/registry.js';
import { correct as correctOverlap } from './overlap/correct.js';
import { mutants as overlap } from './overlap/mutants.js';
import { base as overlapBase } from './overlap/registry.js';
import { correct as correctRouting } from './routing/correct.js';
import { mutants as routing } from './routing/mutants.js';
import { base as routingBase } from './routing/registry.js';

/*
 * The fifth lot: written from the specification alone, by four who had seen no check, each with a registry of their own that is right, and
 * faults that need a particular combination or order of things.
 */

export const heldOutFifth: readonly Mutant[] = [...names, ...routing, ...load];

/** Right as long as operations come one after the other. */
export const heldOutFifthInOverlap: readonly Mutant[] = overlap;

const foundations: readonly CorrectRegistry[] = [namesBase, routingBase, loadBase, overlapBase].map((adapter) => ({ adapter, differs: 'what the faults of this lot are planted in' }));

export const correctFifth: readonly CorrectRegistry[] = [...foundations, ...correctNames, ...correctRouting, ...correctLoad, ...correctOverlap];
