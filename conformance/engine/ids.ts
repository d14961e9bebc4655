import fc from 'fast-check';

/** Ids that careless registries mix up, trip over, or lose. All of them valid. */
export const hostileIds = [
  'a',
  'A',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '\u00e9', // é, composed
  'e\u0301', // é, decomposed
  ' a',
  'a ',
  '0',
  '00',
  '1e3',
  '-1',
  'undefined',
  'null',
  'broadcast',
  '*',
  'a:b',
  'server:a',
  'a/b',
  '../a',
  'a\nb',
  '\u007f',
  '😀',
  '\ufeffa',
  'ß',
  'İ',
] as const;

/** Ids that are equal under case folding, normalisation, trimming or conversion share this. */
const fold = (id: string): string => {
  const plain = id.normalize('NFKC').replace(/[\s\ufeff]/g, '').toLowerCase();
  return plain !== '' && Number.isFinite(Number(plain)) ? String(Number(plain)) : plain;
};

/**
 * A few hostile ids, none of which looks like another: what goes wrong with them goes wrong because of how they are
 * spelled (NAM-2), not because two are taken for one (NAM-3).
 */
export function hostilePool(seed: number, count: number): string[] {
  const [shuffled] = fc.sample(fc.shuffledSubarray([...hostileIds], { minLength: hostileIds.length, maxLength: hostileIds.length }), { seed, numRuns: 1 });
  return shuffled!.filter((id, i, all) => all.findIndex((other) => fold(other) === fold(id)) === i).slice(0, count);
}

/**
 * Harmless ids, all different, the same for the same seed. Checks use them unless ids are their subject, so that a
 * registry which trips over a spelling is accused of that and of nothing else.
 */
export function* sampleIds(seed: number): Generator<string, never> {
  const [start] = fc.sample(fc.integer({ min: 0, max: 999 }), { seed, numRuns: 1 });
  for (let i = 0; ; i++) yield `n${start! + i}`;
}

/** Values that are no ids (NAM-1). */
export const invalidIds: readonly { readonly what: string; readonly value: unknown }[] = [
  { what: 'the empty string', value: '' },
  { what: '256 code points', value: 'x'.repeat(256) },
  { what: '256 code points outside the basic plane', value: '😀'.repeat(256) },
  { what: 'a NUL', value: 'a\0b' },
  { what: 'a lone high surrogate', value: 'a\ud800' },
  { what: 'a lone low surrogate', value: '\udc00a' },
  { what: 'surrogates in the wrong order', value: '\udc00\ud800' },
  { what: 'undefined', value: undefined },
  { what: 'null', value: null },
  { what: 'a number', value: 7 },
  { what: 'an array that prints as an id', value: ['a'] },
  { what: 'an object that prints as an id', value: { toString: () => 'a' } },
  { what: 'a String object', value: Object('a') },
];

/** The longest ids there are, and the shortest (NAM-2). */
export const extremeIds: readonly string[] = ['x', 'x'.repeat(255), '😀'.repeat(255), `${'x'.repeat(254)}é`];
