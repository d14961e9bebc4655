import type { Adapter } from '../conformance/contract.js';
import { fieldMutants } from '../conformance/testing/field-mutants.js';
import { heldOutBindings } from '../conformance/testing/held-out-bindings.js';
import { heldOutNames } from '../conformance/testing/held-out-names.js';
import { heldOutLoad } from '../conformance/testing/held-out-load.js';
import { heldOutSecondNames } from '../conformance/testing/held-out-second-names.js';
import { heldOutSecondRouting } from '../conformance/testing/held-out-second-routing.js';
import { mutants } from '../conformance/testing/mutants.js';
import { overlappingMutants } from '../conformance/testing/overlapping-mutants.js';
import { findRequirement, type RequirementId } from '../spec/index.js';

/** Which part of `verify` must find a broken registry out: that which judges the requirement it breaks. */
export type Profile = 'core' | 'concurrent' | 'sla';

/** A broken registry, as the catalogue lists it. */
export interface Mutant {
  /** Stable, and like no other. */
  readonly id: string;
  /** The requirement it is made to break comes first; others follow only where one cannot be broken without them. */
  readonly breaks: readonly RequirementId[];
  /** How a real engineer would come to write it. */
  readonly how: string;
  /** Where a real registry had this fault. */
  readonly source?: string;
  readonly profile: Profile;
  readonly adapter: Adapter;
}

const profiles = { sequential: 'core', concurrent: 'concurrent', load: 'sla', argument: 'core' } as const;

const listed = (mutant: Omit<Mutant, 'profile'>): Mutant => ({ ...mutant, profile: profiles[findRequirement(mutant.breaks[0]!)!.method] });

/** Every broken registry there is. */
export const catalogue: readonly Mutant[] = [
  ...mutants.map(listed),
  ...fieldMutants.map(listed),
  ...heldOutNames.map(listed),
  ...heldOutBindings.map(listed),
  ...heldOutLoad.map(listed),
  ...heldOutSecondNames.map(listed),
  ...heldOutSecondRouting.map(listed),
  ...overlappingMutants.map(({ id, story, breaks, adapter }) => listed({ id: id.replaceAll(/[^a-z]+/g, '-'), how: story, breaks: [breaks], adapter })),
];

export const findMutant = (id: string): Mutant | undefined => catalogue.find((mutant) => mutant.id === id);
