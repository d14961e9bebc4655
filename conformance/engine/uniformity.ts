import fc from 'fast-check';

/**
 * The value that a chi-squared statistic exceeds by chance once in a million runs, by the approximation of Wilson and
 * Hilferty (1931). With two partitions it is 15 % too high, which is lenient; from eight on it is within some per cent. So rare that no uniform hash is accused, even over hundreds of runs (PRT-3).
 */
export function chiSquaredLimit(degreesOfFreedom: number): number {
  const z = 4.753; // the 1 - 1e-6 quantile of the normal distribution
  const c = 2 / (9 * degreesOfFreedom);
  return degreesOfFreedom * (1 - c + z * Math.sqrt(c)) ** 3;
}

/** Ids as they are met in practice: what differs sits at the end, at the start, in the middle, everywhere. */
export function idFamilies(seed: number, count: number): { readonly name: string; readonly ids: readonly string[] }[] {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const start = Math.abs(seed) % 1_000_000;
  return [
    { name: 'random uuids', ids: fc.sample(fc.uuid(), { seed, numRuns: count }).filter(distinct) },
    { name: `server-${String(start).padStart(6, '0')}`, ids: numbers.map((n) => `server-${String(start + n).padStart(6, '0')}`) },
    { name: `${start}, ${start + 1}, …`, ids: numbers.map((n) => `${start + n}`) },
    { name: '000123-with-a-long-shared-suffix', ids: numbers.map((n) => `${String(start + n).padStart(7, '0')}-with-a-long-shared-suffix`) },
    { name: 'ids that differ in non-ASCII letters', ids: numbers.map((n) => String.fromCodePoint(0x4e00 + n, 0x4e00 + (start % 10_000))) },
  ];
}

const distinct = <T>(value: T, index: number, all: readonly T[]): boolean => all.indexOf(value) === index;
