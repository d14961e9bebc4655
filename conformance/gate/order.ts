import type { Random } from '../schedules/choosers.js';

/** In random order. */
export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const all = [...values];
  for (let i = all.length - 1; i > 0; i--) {
    const k = Math.floor(random() * (i + 1));
    [all[i], all[k]] = [all[k]!, all[i]!];
  }
  return all;
}

/**
 * There and back: ABBA for two arms, or BAAB, as chance will have it, and the same for more. Both runs of an arm together stand in the
 * middle, so what grows steadily while a block is measured (the heat, a neighbour's load) harms all arms alike; and no arm always comes
 * first, or after the same neighbour (Mytkowicz and others, 2009).
 */
export function thereAndBack<T>(arms: readonly T[], random: Random): T[] {
  const there = shuffled(arms, random);
  return [...there, ...[...there].reverse()];
}
