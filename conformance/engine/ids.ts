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
  { what: 'a NUL and nothing else', value: '\0' },
  { what: 'a NUL at the beginning', value: '\0a' },
  { what: 'a NUL at the end', value: 'a\0' },
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

/** The longest ids there are, the shortest, and those of which little is to be seen (NAM-2). */
export const extremeIds: readonly string[] = ['x', 'x'.repeat(255), '😀'.repeat(255), `${'x'.repeat(254)}é`, ' ', '   ', '\t', '\n', '\u00a0', '\u3000', '\u200b', '\ufeff', '\u0001', '.', '..', '/', ':', '"', "'", '\\', '%00', '\ufffd', '\uffff'];

/** Pairs of ids that are equal only to those who fold, normalise, trim or convert (NAM-3), and how. */
export const lookAlikes: readonly (readonly [string, string, string])[] = [
  ['a', 'A', 'case'],
  ['straße', 'STRASSE', 'full case folding'],
  ['İ', 'i̇', 'Turkish case folding'],
  ['\u00e9', 'e\u0301', 'Unicode normalisation'],
  ['\u212b', '\u00c5', 'Unicode normalisation of the ångström sign'],
  ['ﬁ', 'fi', 'compatibility normalisation'],
  ['a', 'a ', 'trimming'],
  ['a', '\ta', 'trimming'],
  ['1', '01', 'conversion to a number'],
  ['1', '1.0', 'conversion to a number'],
  ['1', '+1', 'conversion to a number'],
  ['a', '\ufeffa', 'dropping a byte order mark'],
  ['a', 'a\u200b', 'dropping characters without width'],
  ['x'.repeat(254), 'x'.repeat(255), 'cutting off long ids'],
  [`${'x'.repeat(254)}a`, `${'x'.repeat(254)}b`, 'cutting off long ids'],
];
