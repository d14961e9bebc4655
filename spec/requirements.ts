import { binding } from './requirements/binding.js';
import { contention } from './requirements/contention.js';
import { model } from './requirements/model.js';
import { names } from './requirements/names.js';
import { progress } from './requirements/progress.js';
import { registration } from './requirements/registration.js';
import { routing } from './requirements/routing.js';
import { sla } from './requirements/sla.js';
import type { Requirement } from './requirement.js';

const all = [...names, ...registration, ...binding, ...routing, ...contention, ...progress, ...model, ...sla] as const;

/** The id of a requirement. */
export type RequirementId = (typeof all)[number]['id'];

/** Every requirement, in the order of the specification. */
export const requirements: readonly (Requirement & { readonly id: RequirementId })[] = all;

const byId = new Map<string, (typeof requirements)[number]>(requirements.map((r) => [r.id, r]));

/** The requirement with this id; undefined for an id that is none. */
export const findRequirement = (id: string): (typeof requirements)[number] | undefined => byId.get(id);
