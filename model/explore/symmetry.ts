import type { Symmetry } from './system.js';

/** How many there are of each kind of thing. */
export interface Counts {
  readonly partitions: number;
  readonly servers: number;
  readonly transports: number;
  readonly endpoints: number;
  readonly clients: number;
}

/** A way to rename things: `servers[i]` is what server `i` is renamed to, and so on. */
export type Renaming = { readonly [Kind in keyof Counts]: readonly number[] };

/** The partition of a name: servers come first, then transports. */
export const homeOf = (name: number, partitions: number): number => name % partitions;

export function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  return permutations(count - 1).flatMap((rest) => Array.from({ length: count }, (_, at) => [...rest.slice(0, at), count - 1, ...rest.slice(at)]));
}

const identity = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** All renamings under which ids stay in the partition that theirs is renamed to; the identity first. */
export function renamings({ partitions, servers, transports, endpoints, clients }: Counts, { ofClients = true } = {}): Renaming[] {
  const keepsHomes = (ids: readonly number[], places: readonly number[], first: number): boolean =>
    ids.every((to, from) => homeOf(first + to, partitions) === places[homeOf(first + from, partitions)]);
  const all = permutations(partitions).flatMap((places) =>
    permutations(servers).filter((ids) => keepsHomes(ids, places, 0)).flatMap((serverIds) =>
      permutations(transports).filter((ids) => keepsHomes(ids, places, servers)).flatMap((transportIds) =>
        permutations(endpoints).flatMap((endpointIds) =>
          (ofClients ? permutations(clients) : [identity(clients)]).map((clientIds) => ({ partitions: places, servers: serverIds, transports: transportIds, endpoints: endpointIds, clients: clientIds })),
        ),
      ),
    ),
  );
  const isIdentity = (renaming: Renaming): boolean => Object.values(renaming).every((ids) => ids.every((to, from) => to === from));
  return [...all.filter(isIdentity), ...all.filter((renaming) => !isIdentity(renaming))];
}

/** What a slot becomes under a renaming: which slot it moves to, and what each value means there. */
export type Renamed = (slot: number, renaming: Renaming) => { readonly target: number; readonly value: (value: number) => number };

export const symmetryOf = (slots: readonly { readonly values: number }[], renaming: Renaming, renamed: Renamed): Symmetry => {
  const moved = slots.map((_, slot) => renamed(slot, renaming));
  return {
    target: moved.map(({ target }) => target),
    value: moved.map(({ value }, slot) => Uint8Array.from({ length: slots[slot]!.values }, (_, v) => value(v))),
  };
};
