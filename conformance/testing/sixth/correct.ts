import type { Adapter } from '../../contract.js';

/** A registry that breaks nothing. */
export interface Correct {
  readonly id: string;
  /** How it differs from the obvious one. */
  readonly how: string;
  readonly adapter: Adapter;
}
