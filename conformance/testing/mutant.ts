import type { RequirementId } from '../../spec/index.js';
import type { Adapter } from '../contract.js';

/** A broken registry. */
export interface Mutant {
  /** Stable, and like no other. */
  readonly id: string;
  /** The requirement it is made to break comes first; others follow only where one cannot be broken without them. */
  readonly breaks: readonly RequirementId[];
  /** How a real engineer would come to write it. */
  readonly how: string;
  /** Where a real registry had this fault. */
  readonly source?: string;
  readonly adapter: Adapter;
}
