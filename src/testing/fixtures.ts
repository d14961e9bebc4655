import type { Delivery, Endpoint } from '../../spec/interface.js';
import { RegistryError } from '../error.js';

/** An endpoint that keeps what it gets. */
export class Probe implements Endpoint {
  readonly controller = new AbortController();
  readonly got: Delivery[] = [];
  react: ((delivery: Delivery) => unknown) | undefined;

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  send(delivery: Delivery): unknown {
    this.got.push(delivery);
    return this.react?.(delivery);
  }

  kill(): void {
    this.controller.abort();
  }
}

/** `done`, the code of the refusal, or what else went wrong. */
export const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof RegistryError ? error.code : `broken: ${String(error)}`),
  );

/** The code that a call throws; `nothing` if it throws none. */
export function thrown(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return error instanceof RegistryError ? error.code : `broken: ${String(error)}`;
  }
  return 'nothing';
}

/** Lets all promise jobs run. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
