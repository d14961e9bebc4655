import { uniformFloat32 } from 'pure-rand/distribution/uniformFloat32';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RegistryStep } from './registry-world.js';
import type { Chooser, Schedule, Step } from './world.js';

/** A source of numbers from 0 up to 1. */
export type Random = () => number;

/** Numbers that nothing but their seed decides. */
export function randomFrom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  // Of seeds that are small or near each other the first numbers are alike: they are left out.
  for (let i = 0; i < 4; i++) uniformFloat32(generator);
  return () => uniformFloat32(generator);
}

/** Repeats a schedule. Where it ends, or does not fit, the first thing that can happen does: so what is left of a shrunk one runs on. */
export const replaying = (schedule: Schedule): Chooser => ({
  choose: (enabled, depth) => Math.min(schedule[depth] ?? 0, enabled.length - 1),
});

/** Each step that can be taken is as likely as any other. */
export const anything = (random: Random): Chooser => ({
  choose: (enabled) => Math.floor(random() * enabled.length),
});

/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, 2010): threads have random priorities, the
 * highest that can go on does, and at `depth` - 1 random places the thread that would go on falls behind all others. A fault that
 * needs `depth` steps in a certain order is met with a probability of at least 1 / (threads · steps^(depth - 1)).
 */
export function pct(random: Random, { threads, steps, depth }: { readonly threads: number; readonly steps: number; readonly depth: number }): Chooser {
  // Above `depth` are the priorities to begin with, below it those of threads that have fallen behind.
  const priorities = shuffled(Array.from({ length: threads }, (_, i) => depth + i), random);
  const changes = new Map<number, number>();
  for (let i = 1; i < depth; i++) changes.set(Math.floor(random() * steps), depth - i);
  const highest = (enabled: readonly Step[]): number => {
    let best = 0;
    for (let i = 1; i < enabled.length; i++) if (priorityOf(enabled[i]!) > priorityOf(enabled[best]!)) best = i;
    return best;
  };
  const priorityOf = ({ thread }: Step): number => (priorities[thread] ??= depth + threads + random());
  return {
    choose: (enabled, at) => {
      const falls = changes.get(at);
      if (falls !== undefined) priorities[enabled[highest(enabled)]!.thread] = falls;
      return highest(enabled);
    },
  };
}

function shuffled<T>(items: T[], random: Random): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

/** No operation begins before the last one has ended: what goes wrong then does so without any overlap. */
export const serial = (random: Random): Chooser<RegistryStep> => ({
  choose(enabled) {
    const underway = enabled.findIndex(({ does }) => does.kind !== 'call');
    if (underway >= 0) return underway;
    const whole = enabled.flatMap(({ does }, i) => (does.kind === 'call' && does.jobs === undefined ? [i] : []));
    return whole[Math.floor(random() * whole.length)]!;
  },
});
