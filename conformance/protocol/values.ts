/** What a side can take, beyond what JSON can carry at all. */
export interface Reach {
  /** Bytes. */
  readonly line: number;
  readonly depth: number;
  /** Whether its strings can hold lone surrogates. */
  readonly strings: 'utf-16' | 'unicode';
}

/** What goes around a value in a line: the envelope, and the other parameters. */
const envelope = { bytes: 2_048, depth: 4 } as const;

/**
 * Whether a value reaches the other side as it is. JSON carries null, booleans, finite numbers, strings, lists without gaps and plain
 * objects (of which a `toJSON` would be a function, and is none); nothing else is emulated, least of all what `JSON.stringify` quietly leaves out or turns into something else.
 */
export function carries(value: unknown, { line, depth, strings }: Reach): boolean {
  let budget = line - envelope.bytes;
  const text = (one: string): boolean => {
    // A character may take up to six bytes, as an escape.
    budget -= 6 * one.length + 2;
    return budget >= 0 && (strings === 'utf-16' || !/\p{Surrogate}/u.test(one));
  };
  const any = (one: unknown, left: number): boolean => {
    budget -= 8;
    switch (typeof one) {
      case 'boolean': return budget >= 0;
      case 'number': return budget >= 0 && Number.isFinite(one) && !Object.is(one, -0);
      case 'string': return text(one);
      case 'object': break;
      default: return false;
    }
    if (one === null) return budget >= 0;
    if (left === 0) return false;
    const keys = Reflect.ownKeys(one);
    const isList = Array.isArray(one);
    if (Object.getPrototypeOf(one) !== (isList ? Array.prototype : Object.prototype) && !(Object.getPrototypeOf(one) === null && !isList)) return false;
    // The length of a list is one of its keys.
    if (isList && keys.length !== one.length + 1) return false;
    return keys.every((key) => {
      if (isList && key === 'length') return true;
      const property = Reflect.getOwnPropertyDescriptor(one, key);
      if (typeof key !== 'string' || property?.enumerable !== true || !('value' in property)) return false;
      return (isList || text(key)) && any(property.value, left - 1);
    });
  };
  try {
    return any(value, depth - envelope.depth);
  } catch {
    // What cannot even be looked at.
    return false;
  }
}
