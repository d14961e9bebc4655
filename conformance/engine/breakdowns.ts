import { AdapterError, type Adapter } from '../contract.js';

/**
 * Whether an adapter breaks down from now on, and why: whatever seems to be wrong with the registry then says nothing of it. Sooner or
 * later all that is under way fails, but what looks like a message that was lost may have been found out before.
 */
export function watchBreakdowns({ breakdowns = [] }: Adapter): () => string | undefined {
  const before = breakdowns.length;
  return () => breakdowns[before];
}

/** What comes of some work, unless the adapter breaks down during it: then it throws {@link AdapterError}. */
export async function unlessBrokenDown<T>(adapter: Adapter, work: () => Promise<T>): Promise<T> {
  const brokenDown = watchBreakdowns(adapter);
  const result = await work();
  const reason = brokenDown();
  if (reason !== undefined) throw new AdapterError(reason);
  return result;
}
