import type { RequirementId } from '../../spec/index.js';
import type { Report } from './result.js';
import type { Finding } from './summary.js';

const statistics = ['STA-1', 'STA-2', 'STA-3', 'STA-4'] as const;
const alarms = ['CTN-1', 'CTN-2', 'CTN-3', 'CTN-4', 'CTN-5', 'CTN-6'] as const;
const admission = ['ADM-1', 'ADM-2', 'ADM-4'] as const;

/**
 * What the checks of a requirement take for granted: with that broken, they may fail whether or not the requirement is kept. Broadcasts
 * show what is bound, write counts in which partition an id is, samples how old they are, and alarms everything about admission; what
 * happened although it was refused has no place in any order, and what had no place in it is missing from lists and broadcasts.
 */
const takenForGranted: readonly (readonly [requirements: readonly RequirementId[], granted: readonly RequirementId[]])[] = [
  [['BND-4', 'BND-7', 'BND-8'], ['RTE-1', 'RTE-3']],
  [['RTE-3'], ['RTE-1', 'BND-1', 'BND-5']],
  [['RTE-4', 'RTE-5'], ['RTE-1']],
  [['BND-6'], ['BND-1']],
  [['RTE-6', 'RTE-7', 'RTE-8'], ['RTE-1', 'RTE-3', 'RTE-5']],
  [[...statistics, ...alarms, ...admission, 'PRT-3', 'PRT-4', 'CTN-7', 'CTN-9', 'CTN-10', 'DLK-1', 'DLK-2'], ['PRT-1', 'PRT-2']],
  [[...alarms, 'STA-2', 'STA-3', 'CTN-7', 'CTN-9'], ['STA-5']],
  [['PRT-3'], ['STA-1']],
  [['STA-1', 'CTN-9'], ['REG-1', 'REG-4', 'UPD-1', 'UNR-1', 'BND-1', 'BND-4', 'BND-5', 'BND-7', 'BND-8']],
  [['CTN-3'], ['PRT-4']],
  [['DLK-2'], ['ERR-1', 'REG-2', 'UPD-2', 'UNR-2', 'BND-1', 'BND-2', 'BND-3', 'BND-5', 'BND-8']],
  [[...alarms, ...admission, 'CTN-7', 'CTN-9'], ['STA-2']],
  [['CTN-9'], ['STA-1', 'DLK-2']],
  [['CTN-6', 'CTN-7', 'ADM-6'], ['CTN-1', 'CTN-2', 'CTN-3', 'CTN-4', 'CTN-5', 'ADM-1', 'ADM-2']],
  [['CTN-7'], ['CTN-6']],
  [['CTN-1', 'CTN-2', 'CTN-5'], ['CTN-4']],
  [['ADM-1', 'ADM-2'], ['CTN-1', 'CTN-2', 'CTN-3', 'CTN-5', 'CTN-6', 'REG-5', 'NAM-4']],
  [['EPT-1'], ['REG-1']],
  [['NAM-3'], ['BND-9']],
  [['ADM-5', 'NAM-2', 'CFG-1'], ['REG-5']],
  [['ADM-6'], ['NAM-4']],
  [['ADM-3'], ['BND-1', 'BND-5', 'UNR-2']],
  [['REG-4'], ['ADM-6']],
  [['CON-1', 'CTN-9'], ['CON-3']],
  [['DLK-2'], ['CON-1', 'CON-3']],
  [['LST-3', 'RTE-8', 'RTE-9'], ['CON-1']],
  [['LST-3', 'RTE-9'], ['CON-3']],
  [['ADM-4'], ['CTN-2', 'CTN-4', 'CTN-5']],
];

/** Findings, of which those that may only follow from others say so. They stay what they are: a second fault must not hide behind the first. */
export function withCauses(findings: readonly Finding[]): Finding[] {
  const broken = new Set(findings.filter(({ result }) => result.status === 'failed').map(({ requirement }) => requirement));
  return findings.map((finding) => {
    if (finding.result.status !== 'failed') return finding;
    const causes = takenForGranted.flatMap(([requirements, granted]) => (requirements.includes(finding.requirement) ? granted : [])).filter((granted) => broken.has(granted));
    return causes.length === 0 ? finding : { ...finding, result: { ...finding.result, mayFollowFrom: [...new Set(causes)] } };
  });
}

/** The requirements that are broken whatever else is: of the others, all that failed may follow from these. */
export const brokenByThemselves = ({ requirements }: Pick<Report, 'requirements'>): RequirementId[] =>
  requirements.filter(({ checks }) => checks.some(({ status, mayFollowFrom }) => status === 'failed' && mayFollowFrom === undefined)).map(({ id }) => id as RequirementId);
