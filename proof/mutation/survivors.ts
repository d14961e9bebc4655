import type { Mutant } from './mutants.js';

/** Changes of our code that no test notices, and why none should. `[the line, what was changed in it, into what]`. */
export interface Excuse {
  readonly file: string;
  readonly reason: string;
  readonly mutants: readonly (readonly [line: string, from: string, to: string])[];
}

export const excuses: readonly Excuse[] = [];

export interface Excused extends Mutant {
  readonly reason: string;
}

export const excused: readonly Excused[] = excuses.flatMap(({ file, reason, mutants }) => mutants.map(([line, from, to]) => ({ file, line, from, to, reason })));
