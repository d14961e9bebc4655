/** Ids of one kind: the first `count` of them, the same in every run. */
export type Ids = (count: number) => string[];

/** A random number of 32 bits that belongs to `i` (the finaliser of MurmurHash3, which mixes every bit into every other). */
function random(i: number): number {
  let x = Math.imul(i + 0x9e3779b9, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function uuid(i: number): string {
  const hex = [0, 1, 2, 3].map((word) => random(4 * i + word).toString(16).padStart(8, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const each = (name: (i: number) => string): Ids => (count) => Array.from({ length: count }, (_, i) => name(i));
const padded = (i: number, width: number): string => String(i).padStart(width, '0');

export const uuids = each(uuid);

/** Ids as people choose them. What a hash that looks at some characters only may take for alike is among them. */
export const families: Readonly<Record<string, Ids>> = {
  'uuid-like': uuids,
  'server-000123': each((i) => `server-${padded(i, 6)}`),
  'shared prefix': each((i) => `eu-west-1.production.cluster-7.server-${padded(i, 8)}`),
  'shared suffix': each((i) => `${padded(i, 8)}.servers.production.eu-west-1.example.org`),
  '255 characters': each((i) => `${'folder/'.repeat(32).slice(0, 255 - 36)}${uuid(i)}`),
  'non-ASCII': each((i) => `サーバー-東京-${padded(i, 6)}`),
  'numeric strings': each((i) => String(1_000_000 + i)),
};

const middle = 18;
const put = (text: string, at: number, ...characters: readonly string[]): string => text.slice(0, at) + characters.join('') + text.slice(at + characters.length);
/** Twelve places from the start to the end, as somebody would choose them who knows that twelve are looked at, and not which. */
const places = Array.from({ length: 12 }, (_, k) => Math.round((k * 35) / 11));

/** Ids of 36 characters that somebody has chosen to slow our registry down. */
export const chosen: Readonly<Record<string, Ids>> = {
  'one character in the middle differs': each((i) => put(uuid(0), middle, String.fromCharCode(0x4e00 + i))),
  'two characters in the middle differ': each((i) => put(uuid(0), middle, String.fromCharCode(0x21 + Math.floor(i / 100)), String.fromCharCode(0x21 + (i % 100)))),
  // However few places are looked at, most of these differ at none of them.
  'one character somewhere differs': each((i) => put(uuid(0), i % 36, String.fromCharCode(0x4e00 + Math.floor(i / 36)))),
  '12 fixed places agree': each((i) => places.reduce((id, place) => put(id, place, 'x'), uuid(i))),
};
