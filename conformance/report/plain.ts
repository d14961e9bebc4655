import { safe } from '../engine/show.js';
import type { Report, RequirementResult } from './result.js';

/** What every report shows of a requirement, whatever its format. */

/** How often what the requirement is about came about, in all of its checks. */
export const occurrencesOf = ({ checks }: RequirementResult): number => checks.reduce((sum, { situation }) => sum + situation.occurred, 0);

/** How long its checks took, those included that judged others at the same time. Milliseconds. */
export const millisecondsOf = ({ checks }: RequirementResult): number => checks.reduce((sum, { milliseconds }) => sum + milliseconds, 0);

/** The chapter that an id belongs to: `REG` of `REG-1`. */
export const chapterOf = (id: string): string => id.replace(/-\d+$/, '');

/** Requirements in groups, one for each chapter, in the order in which they come. */
export function byChapter(requirements: Report['requirements']): ReadonlyMap<string, RequirementResult[]> {
  const chapters = new Map<string, RequirementResult[]>();
  for (const requirement of requirements) {
    const chapter = chapterOf(requirement.id);
    chapters.set(chapter, [...(chapters.get(chapter) ?? []), requirement]);
  }
  return chapters;
}

/** What was judged, in words. A report read back from a file may hold anything. */
export const registryName = ({ registry: { name, version } }: Pick<Report, 'registry'>): string => safe(version === undefined ? name : `${name} ${version}`, 200);

/** The numbers, in a line. */
export const countsLine = ({ counts }: Pick<Report, 'counts'>): string =>
  `${counts.passed} passed, ${counts.failed} failed, ${counts.inconclusive} inconclusive, ${counts.untested} untested${counts.warnings > 0 ? `, ${counts.warnings} warnings (SHOULD)` : ''}`;
