/*
 * What adapters have in common: refusals, what gets through where all is written as JSON, and what endpoints are called there.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

/** An operation that is refused, with one of the specified codes. */
export const refusal = (code) => Object.assign(new Error(code), { code });

/** Whether a value is JSON, and what is read again when it has been written is the same. */
export function carries(value) {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false;
  }
}

/** Addresses that stand for endpoints where only plain data can be written. */
export class Addresses {
  #endpoints = new Map();
  #addresses = new Map();

  of(endpoint) {
    let address = this.#addresses.get(endpoint);
    if (address === undefined) {
      address = randomUUID();
      this.#addresses.set(endpoint, address);
      this.#endpoints.set(address, endpoint);
    }
    return address;
  }

  endpointAt(address) {
    return this.#endpoints.get(address);
  }
}
