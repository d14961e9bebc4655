import { requirements, type RequirementId } from './requirements.js';

/**
 * The versions of the specification, the newest last. What a version requires is frozen: a registry that kept a promise keeps it for
 * every newer kit. A requirement that is added belongs to the next version; one that is to say something else gets a new id.
 */
export const specificationVersions = ['1.0'] as const;
export type SpecificationVersion = (typeof specificationVersions)[number];

/** The version that is judged unless another is asked for. */
export const specificationVersion: SpecificationVersion = specificationVersions.at(-1)!;

/** What a version requires. */
export interface FrozenRequirements {
  readonly ids: readonly string[];
  /** SHA-256 over what each of them says, its level, and its numbers: see the test beside. */
  readonly digest: string;
}

/** The versions, each as it was when it was made known. */
export const frozen: Readonly<Record<SpecificationVersion, FrozenRequirements>> = {
  '1.0': {
    ids: [
      'NAM-1 NAM-2 NAM-3 NAM-4',
      'EPT-1 EPT-2',
      'ERR-1',
      'REG-1 REG-2 REG-3 REG-4 REG-5',
      'CFG-1',
      'UPD-1 UPD-2',
      'UNR-1 UNR-2',
      'LKP-1 LKP-2',
      'LST-1 LST-2 LST-3',
      'INC-1 INC-2',
      'BND-1 BND-2 BND-3 BND-4 BND-5 BND-6 BND-7 BND-8 BND-9',
      'DWN-1 DWN-2 DWN-3 DWN-4',
      'RTE-1 RTE-2 RTE-3 RTE-4 RTE-5 RTE-6 RTE-7 RTE-8 RTE-9',
      'PRT-1 PRT-2 PRT-3 PRT-4',
      'STA-1 STA-2 STA-3 STA-4 STA-5 STA-6',
      'CTN-1 CTN-2 CTN-3 CTN-4 CTN-5 CTN-6 CTN-7 CTN-8 CTN-9 CTN-10',
      'ADM-1 ADM-2 ADM-3 ADM-4 ADM-5 ADM-6 ADM-7',
      'DLK-1 DLK-2 DLK-3 DLK-4',
      'CON-1 CON-2 CON-3',
      'CLS-1 CLS-2 CLS-3 CLS-4',
      'MODEL-1',
      'SLA-1 SLA-2 SLA-3 SLA-4 SLA-5 SLA-6 SLA-7 SLA-8 SLA-9 SLA-10 SLA-11 SLA-12',
    ].flatMap((chapter) => chapter.split(' ')),
    digest: 'cd8aaa8ec3fd8604d96b356c0d0f6c80b531f064ed0ab5448c80fd7bc0eecbd8',
  },
};

/** The requirements of a version, in the order of the specification. */
export function requirementsOf(version: SpecificationVersion): typeof requirements {
  const ids = new Set(frozen[version].ids);
  return requirements.filter(({ id }: { readonly id: RequirementId }) => ids.has(id));
}
