import { heldOutFourthBindings } from './held-out-fourth-bindings.js';
import { heldOutFourthLoad } from './held-out-fourth-load.js';
import { heldOutFourthNames } from './held-out-fourth-names.js';
import { heldOutFourthOverlap } from './held-out-fourth-overlap.js';
import type { Mutant } from './mutant.js';

/** Broken registries that were written from the specification alone, by somebody who had not read the kit. */
export const heldOutFourth: readonly Mutant[] = [...heldOutFourthNames, ...heldOutFourthBindings, ...heldOutFourthLoad, ...heldOutFourthOverlap];
