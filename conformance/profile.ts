import { requirementsOf, specificationVersion, type Method, type RequirementId, type SpecificationVersion } from '../spec/index.js';

/** How much of the specification is judged: by operations in sequence, by those that overlap, by measurement, or all of it. */
export const profiles = ['core', 'concurrent', 'sla', 'full'] as const;
export type Profile = (typeof profiles)[number];

const methods: Record<Profile, readonly Method[]> = {
  core: ['sequential', 'argument'],
  concurrent: ['concurrent'],
  sla: ['load'],
  full: ['sequential', 'concurrent', 'load', 'argument'],
};

/** The requirements of a profile, or those asked for among them, of a version of the specification. Without a profile: all, of which those that need measurement are reported as untested. */
export function selectedBy(profile: Profile | undefined, only: readonly RequirementId[] | undefined, specification: SpecificationVersion = specificationVersion): RequirementId[] {
  return requirementsOf(specification).filter(({ id, method }) => (profile === undefined || methods[profile].includes(method)) && (only === undefined || only.includes(id))).map(({ id }) => id);
}

/** Whether measurements are made: only if the profile says so. They take minutes, and want a machine with nothing else to do. */
export const measures = (profile: Profile | undefined): boolean => profile !== undefined && methods[profile].includes('load');
