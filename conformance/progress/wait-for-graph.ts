import { z } from 'zod';
import type { Subject, Wait } from '../contract.js';
import { safe } from '../engine/show.js';
import { within } from '../engine/patience.js';

/** Most edges that are looked at: what an adapter says is bounded. */
const mostEdges = 10_000;

/** Most edges that are followed to find a shorter cycle than the first. */
const mostSteps = 200_000;

const label = z.string().min(1).max(1_000);
const wait = z.object({ waiter: label, holder: label, for: label.optional() });

/** What an adapter says of who waits for whom, as far as it has the right shape. Never throws. */
export function readWaits(value: unknown): readonly Wait[] {
  try {
    if (!Array.isArray(value)) return [];
    return value.slice(0, mostEdges).flatMap((one: unknown): Wait[] => {
      const read = wait.safeParse(one);
      return read.success ? [{ waiter: read.data.waiter, holder: read.data.holder, ...(read.data.for !== undefined && { for: read.data.for }) }] : [];
    });
  } catch {
    return [];
  }
}

/** Asks a registry who waits for whom. Nobody, if it cannot tell or does not answer in time. */
export async function askWaits(subject: Pick<Subject, 'waits'>, patienceMs: number): Promise<readonly Wait[]> {
  try {
    const told: unknown = subject.waits?.();
    return readWaits(Array.isArray(told) ? told : await within(patienceMs, 'waits', Promise.resolve(told)));
  } catch {
    return [];
  }
}

/**
 * A cycle of those who wait for each other: the shortest, unless there are very many. To know that there is none takes time in
 * proportion to the edges.
 */
export function findCycle(waits: readonly Wait[]): readonly Wait[] | undefined {
  const rest = tangled(waits);
  if (rest.length === 0) return undefined;
  const edges = new Map<string, Wait[]>();
  for (const edge of rest) {
    const known = edges.get(edge.waiter);
    if (known === undefined) edges.set(edge.waiter, [edge]);
    else known.push(edge);
  }
  let shortest = anyCycle(edges);
  let steps = 0;
  for (const start of edges.keys()) {
    if (shortest.length === 1 || steps > mostSteps) break;
    const cameBy = new Map<string, Wait>();
    let ring = [start];
    search: for (let length = 1; ring.length > 0 && length < shortest.length; length++) {
      const next: string[] = [];
      for (const node of ring) {
        for (const edge of edges.get(node)!) {
          if (++steps > mostSteps) break search;
          if (edge.holder === start) {
            shortest = pathTo(node, start, cameBy, edge);
            break search;
          }
          if (cameBy.has(edge.holder)) continue;
          cameBy.set(edge.holder, edge);
          next.push(edge.holder);
        }
      }
      ring = next;
    }
  }
  return shortest;
}

/** The edges that are left when all are taken away that come from nobody or lead to somebody who waits for nobody, again and again. */
function tangled(waits: readonly Wait[]): readonly Wait[] {
  let rest = waits;
  for (const [from, to] of [['waiter', 'holder'], ['holder', 'waiter']] as const) {
    const leaving = new Map<string, number>();
    const arriving = new Map<string, Wait[]>();
    for (const edge of rest) {
      leaving.set(edge[from], (leaving.get(edge[from]) ?? 0) + 1);
      const known = arriving.get(edge[to]);
      if (known === undefined) arriving.set(edge[to], [edge]);
      else known.push(edge);
    }
    const free = [...arriving.keys()].filter((node) => !leaving.has(node));
    const gone = new Set<Wait>();
    for (let node = free.pop(); node !== undefined; node = free.pop()) {
      for (const edge of arriving.get(node) ?? []) {
        gone.add(edge);
        const left = leaving.get(edge[from])! - 1;
        leaving.set(edge[from], left);
        if (left === 0) free.push(edge[from]);
      }
    }
    rest = rest.filter((edge) => !gone.has(edge));
  }
  return rest;
}

/** Where everybody waits for somebody, whoever follows the edges comes back to where he has been. */
function anyCycle(edges: ReadonlyMap<string, readonly Wait[]>): readonly Wait[] {
  const path: Wait[] = [];
  const at = new Map<string, number>();
  let node = edges.keys().next().value!;
  while (!at.has(node)) {
    at.set(node, path.length);
    const [edge] = edges.get(node)!;
    path.push(edge!);
    node = edge!.holder;
  }
  return path.slice(at.get(node));
}

function pathTo(node: string, start: string, cameBy: ReadonlyMap<string, Wait>, last: Wait): readonly Wait[] {
  const path = [last];
  while (node !== start) {
    const edge = cameBy.get(node)!;
    path.push(edge);
    node = edge.waiter;
  }
  return path.reverse();
}

/** A cycle of these, if there is one, in words. */
export function describeCycle(waits: readonly Wait[]): string | undefined {
  const cycle = findCycle(waits);
  return cycle && showCycle(cycle);
}

/** A cycle, in words: `bind(t1, s1) → lock s1 → unregister(s1) → lock t1 → bind(t1, s1)`. */
export function showCycle(cycle: readonly Wait[]): string {
  const shown = cycle.length > 20 ? cycle.slice(0, 20) : cycle;
  const parts = shown.flatMap(({ waiter, for: what }) => (what === undefined ? [waiter] : [waiter, what]));
  const rest = cycle.length > shown.length ? [`… ${cycle.length - shown.length} more …`] : [];
  return [...parts, ...rest, cycle[0]!.waiter].map((part) => safe(part, 100)).join(' → ');
}
