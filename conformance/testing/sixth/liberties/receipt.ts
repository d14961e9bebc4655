/**
 * A bare thenable: it has `then` and nothing else, is no Promise, and knows of no unhandled rejection. What it answers, it answers to
 * whoever listens; where `prompt`, within the call that settles it or listens to it.
 */
export class Receipt<T> implements PromiseLike<T> {
  #state: 'pending' | 'kept' | 'broken' = 'pending';
  #value: unknown;
  #listeners: (() => void)[] = [];
  readonly #prompt: boolean;

  constructor(prompt: boolean) {
    this.#prompt = prompt;
  }

  static broken<T>(error: unknown, prompt: boolean): Receipt<T> {
    const receipt = new Receipt<T>(prompt);
    receipt.fail(error);
    return receipt;
  }

  keep(value: T): void {
    this.#settle('kept', value);
  }

  fail(error: unknown): void {
    this.#settle('broken', error);
  }

  #settle(state: 'kept' | 'broken', value: unknown): void {
    if (this.#state !== 'pending') return;
    this.#state = state;
    this.#value = value;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) this.#tell(listener);
  }

  #tell(listener: () => void): void {
    if (this.#prompt) listener();
    else queueMicrotask(listener);
  }

  then<A = T, B = never>(ok?: ((value: T) => A | PromiseLike<A>) | null, bad?: ((reason: unknown) => B | PromiseLike<B>) | null): PromiseLike<A | B> {
    return new Promise<A | B>((resolve, reject) => {
      const listener = (): void => {
        try {
          if (this.#state === 'kept') {
            if (typeof ok === 'function') resolve(ok(this.#value as T));
            else resolve(this.#value as A);
          } else if (typeof bad === 'function') resolve(bad(this.#value));
          else reject(this.#value);
        } catch (error) {
          reject(error);
        }
      };
      if (this.#state === 'pending') this.#listeners.push(listener);
      else this.#tell(listener);
    });
  }
}
