import { aloneInOverlap, aloneMutants } from '../conformance/testing/alone-mutants.js';
import { bluntMutants } from '../conformance/testing/blunt-mutants.js';
import { deadlockingMutants } from '../conformance/testing/deadlocking-mutants.js';
import { heldOutFifth, heldOutFifthInOverlap } from '../conformance/testing/fifth/index.js';
import { fieldMutants } from '../conformance/testing/field-mutants.js';
import { heldOutBindings } from '../conformance/testing/held-out-bindings.js';
import { heldOutNames } from '../conformance/testing/held-out-names.js';
import { heldOutFourth } from '../conformance/testing/held-out-fourth.js';
import { heldOutLoad } from '../conformance/testing/held-out-load.js';
import { heldOutSecondLoad } from '../conformance/testing/held-out-second-load.js';
import { heldOutSecondNames } from '../conformance/testing/held-out-second-names.js';
import { heldOutSecondOverlap } from '../conformance/testing/held-out-second-overlap.js';
import { heldOutSecondRouting } from '../conformance/testing/held-out-second-routing.js';
import { heldOutThirdLoad, heldOutThirdLoadInOverlap } from '../conformance/testing/held-out-third-load.js';
import { heldOutThirdNames, heldOutThirdNamesInOverlap } from '../conformance/testing/held-out-third-names.js';
import type { Mutant as Broken } from '../conformance/testing/mutant.js';
import { mutants } from '../conformance/testing/mutants.js';
import { overlappingMutants } from '../conformance/testing/overlapping-mutants.js';
import { heldOutSixth, heldOutSixthInOverlap } from '../conformance/testing/sixth/index.js';
import { slowMutants } from '../conformance/testing/slow-mutants.js';
import { findRequirement } from '../spec/index.js';

/** Which part of `verify` must find a broken registry out: that which judges the requirement it breaks. */
export type Profile = 'core' | 'concurrent' | 'sla';

/** A broken registry, as the catalogue lists it. */
export interface Mutant extends Broken {
  readonly profile: Profile;
}

const profiles = { sequential: 'core', concurrent: 'concurrent', load: 'sla', argument: 'core' } as const;

const listed = (mutant: Broken): Mutant => ({ ...mutant, profile: profiles[findRequirement(mutant.breaks[0]!)!.method] });

/** A registry that is right as long as its operations come one after the other, whatever it is that it breaks when they overlap. */
const inOverlap = ({ id, how, breaks, adapter }: Broken): Mutant => ({ id, how, breaks, profile: 'concurrent', adapter });

/** Every broken registry there is. */
export const catalogue: readonly Mutant[] = [
  ...mutants.map(listed),
  ...bluntMutants.map(listed),
  ...aloneMutants.map(listed),
  ...fieldMutants.map(listed),
  ...heldOutNames.map(listed),
  ...heldOutBindings.map(listed),
  ...heldOutLoad.map(listed),
  ...heldOutSecondNames.map(listed),
  ...heldOutSecondRouting.map(listed),
  ...heldOutSecondLoad.map(listed),
  ...heldOutSecondOverlap.map(inOverlap),
  ...heldOutThirdNames.map(listed),
  ...heldOutThirdLoad.map(listed),
  ...heldOutThirdNamesInOverlap.map(inOverlap),
  ...heldOutThirdLoadInOverlap.map(inOverlap),
  ...heldOutFourth.map(listed),
  ...heldOutFifth.map(listed),
  ...heldOutFifthInOverlap.map(inOverlap),
  ...heldOutSixth.map(listed),
  ...heldOutSixthInOverlap.map(inOverlap),
  ...aloneInOverlap.map(inOverlap),
  ...overlappingMutants.map(inOverlap),
  ...deadlockingMutants.map(inOverlap),
  ...slowMutants.map(listed),
];

/** Those that the kill matrix is about: what is only slow is measured, and no measurement is repeated to the letter (`npm run sla-proof`). */
export const unmeasured: readonly Mutant[] = catalogue.filter(({ profile }) => profile !== 'sla');

export const findMutant = (id: string): Mutant | undefined => catalogue.find((mutant) => mutant.id === id);
