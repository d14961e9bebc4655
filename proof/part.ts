import { InvalidArgumentError } from 'commander';

/** One in so many of a list, from one on: what is too much for one run is taken in turns. */
export interface Part {
  readonly at: number;
  readonly of: number;
}

/** Reads `K/N`, as a command line has it. */
export function parsePart(value: string): Part {
  const [k, n] = (/^(\d{1,3})\/(\d{1,3})$/.exec(value) ?? []).slice(1).map(Number);
  if (k === undefined || n === undefined || k < 1 || k > n) throw new InvalidArgumentError('must be the number of a part and how many there are, like 1/3.');
  return { at: k - 1, of: n };
}

/** Whether what is at this place of the list is in the part; everything is where there are no parts. */
export const isIn = (part: Part | undefined, place: number): boolean => part === undefined || place % part.of === part.at;
