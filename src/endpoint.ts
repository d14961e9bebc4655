import type { Endpoint } from '../spec/interface.js';
import { invalid } from './error.js';

/** The signal of an endpoint, read once, so that a getter cannot change its mind. Throws `invalid_argument` (EPT-2). */
export function signalOf(endpoint: unknown): AbortSignal {
  let signal: Partial<AbortSignal> | null | undefined;
  try {
    const { send, signal: own } = endpoint as Endpoint;
    signal = own;
    if (
      typeof send === 'function' &&
      typeof signal === 'object' &&
      typeof signal.aborted === 'boolean' &&
      typeof signal.addEventListener === 'function' &&
      typeof signal.removeEventListener === 'function'
    ) {
      return own;
    }
  } catch (error) {
    throw invalid('The endpoint could not be read: give { send, signal }.', error);
  }
  throw invalid('The endpoint is none: give an object with a send function and an AbortSignal as its signal.');
}

/** Whether an endpoint is down. A signal that cannot say is taken for aborted. */
export function isDown(signal: AbortSignal): boolean {
  try {
    return signal.aborted;
  } catch {
    return true;
  }
}
