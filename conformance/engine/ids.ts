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
  { what: '256 code points that are read as half as many letters', value: 'e\u0301'.repeat(128) },
  { what: '256 code points that are read as a few signs', value: '\u{1f469}\u200d\u{1f469}\u200d'.repeat(64) },
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
export const extremeIds: readonly string[] = ['x', 'x'.repeat(255), '😀'.repeat(255), `${'x'.repeat(254)}é`, `${'e\u0301'.repeat(127)}x`, ' ', '   ', '\t', '\n', '\u00a0', '\u3000', '\u200b', '\ufeff', '\u0001', '.', '..', '/', ':', '"', "'", '\\', '%00', '\ufffd', '\uffff'];

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
  [`${'😀'.repeat(254)}a`, `${'😀'.repeat(254)}b`, 'cutting off long ids after so many code units'],
  ['Node-1', 'node-1', 'case'],
  ['123E4567-E89B-12D3-A456-426614174000', '123e4567-e89b-12d3-a456-426614174000', 'the case of a UUID'],
  ['{123e4567-e89b-12d3-a456-426614174000}', '123e4567-e89b-12d3-a456-426614174000', 'taking the braces off a UUID'],
  ['DEADBEEF', 'deadbeef', 'the case of hexadecimal digits'],
  ['me@Example.org', 'me@example.org', 'the case of a domain'],
  ['http://h:80/', 'http://h/', 'normalising a URL'],
  ['http://h', 'http://h/', 'normalising a URL'],
  ['a/b', 'a//b', 'normalising a path'],
  ['a/b', 'a/./b', 'normalising a path'],
  ['a/b', 'a/b/', 'normalising a path'],
  ['a/b', 'a\\b', 'turning slashes'],
  ['a b', 'a%20b', 'percent decoding'],
  ['a b', 'a+b', 'decoding of forms'],
  ['a b', 'a  b', 'collapsing white space'],
  ['a b', 'a\u00a0b', 'collapsing white space'],
  ['a\nb', 'a\r\nb', 'normalising line breaks'],
  ['a', 'a.', 'dropping a dot at the end'],
  ['a', '"a"', 'taking quotation marks off'],
  ['a-b', 'a_b', 'taking one separator for another'],
  ['&', '&amp;', 'decoding of entities'],
  ['1000', '1e3', 'conversion to a number'],
  ['16', '0x10', 'conversion to a number'],
  ['0', '-0', 'conversion to a number'],
  ['1', '1n', 'conversion to a number'],
  ['9007199254740992', '9007199254740993', 'conversion to a number'],
  ['a', '\uff41', 'dropping the width of characters'],
  ['a', '\u0430', 'taking characters that look alike for one'],
  ['3', '\u0663', 'taking digits of other scripts for those of one'],
  ['s', '\u017f', 'case'],
  ['ab', 'a\u00adb', 'dropping characters without width'],
  ['e', '\u00e9', 'dropping accents'],
  ['\u{1f600}', '\u{1f601}', 'looking at one half of a surrogate pair'],
];
