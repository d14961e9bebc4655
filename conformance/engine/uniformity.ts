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
  const fewer = numbers.slice(0, count / 2);
  const start = Math.abs(seed) % 1_000_000;
  return [
    { name: 'random uuids', ids: [...new Set(fc.sample(fc.uuid(), { seed, numRuns: count }))] },
    { name: `server-${String(start).padStart(6, '0')}`, ids: numbers.map((n) => `server-${String(start + n).padStart(6, '0')}`) },
    { name: `${start}, ${start + 1}, …`, ids: numbers.map((n) => `${start + n}`) },
    { name: '000123-with-a-long-shared-suffix', ids: numbers.map((n) => `${String(start + n).padStart(7, '0')}-with-a-long-shared-suffix`) },
    { name: 'a-long-shared-prefix-for-all-of-them-000123', ids: fewer.map((n) => `a-long-shared-prefix-for-all-of-them-${String(start + n).padStart(7, '0')}`) },
    { name: '/hosts/12/services/3/instances/4', ids: fewer.map((n) => `/hosts/${n % 40}/services/${Math.floor(n / 40) % 10}/instances/${start + Math.floor(n / 400)}`) },
    // Generators of ids leave their low bits, or digits, to a counter that is mostly 0.
    { name: `${start * 4_096}, ${(start + 1) * 4_096}, …`, ids: fewer.map((n) => `${(start + n) * 4_096}`) },
    { name: `${start * 1_000}, ${(start + 1) * 1_000}, …`, ids: fewer.map((n) => `${(start + n) * 1_000}`) },
    { name: 'ids that differ in non-ASCII letters', ids: numbers.map((n) => String.fromCodePoint(0x4e00 + n, 0x4e00 + (start % 10_000))) },
  ];
}
