import { InvalidArgumentError } from 'commander';

/** Parses an option that is a whole number within bounds; a wrong one is told what it must be. */
export const integer = (least: number, most: number) => (value: string): number => {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most)) throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}.`);
  return number;
};
