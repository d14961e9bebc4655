import { same, type Search } from './search.js';
import type { Eventually, Slots } from './system.js';

/** A run that goes on for ever: to a state, and from there round and round. Numbers of states. */
export interface Lasso {
  readonly start: number;
  /** The way round the loop, back to `start`; empty if nobody moves any more. */
  readonly loop: readonly Stride[];
}

/** A step to a state; `fairness`: by an action of this class, where it is there because it is owed. */
export interface Stride {
  readonly to: number;
  readonly fairness?: number;
}

/**
 * Looks for a weakly fair run on which a property is put off for ever, in what a complete search has found: a strongly connected
 * component of the pending states in which every fairness class is taken, or somewhere not enabled (Lichtenstein and Pnueli, 1985;
 * components by Tarjan, 1972, without recursion). Returns undefined if there is none. Yields now and then, so that whoever waits
 * for it can do other things in between. O(transitions).
 */
export function* findFairLoop(search: Search, property: Eventually): Generator<void, Lasso | undefined> {
  const { system, visited } = search;
  const { next } = system;
  const state: Slots = new Uint8Array(system.slots.length);
  const order = new Int32Array(visited.size);
  const low = new Int32Array(visited.size);
  const component = new Int32Array(visited.size);
  const path = new Stack();
  const open = new Stack();
  const successors = new Stack();
  const begins = new Stack();
  let counter = 0;
  let components = 0;
  let turns = 0;

  const pendingAt = (number: number): boolean => {
    search.read(number, state);
    return property.pending(state);
  };
  /** Pushes where an allowed step leads to that stays pending. */
  const enter = (number: number): void => {
    order[number] = low[number] = ++counter;
    path.push(number);
    open.push(number);
    begins.push(successors.length);
    search.read(number, state);
    system.expand(state, (action, flags) => {
      if (property.allowed(action, flags) && !same(state, next) && property.pending(next)) successors.push(search.find(next));
    });
  };

  /** What is owed to whom in a component: classes enabled in all of its states, classes taken within it. */
  const unfair = (members: readonly number[]): { owed: number; stays: boolean } => {
    let enabled = -1;
    let taken = 0;
    let stays = false;
    for (const member of members) {
      let here = 0;
      search.read(member, state);
      system.expand(state, (action, flags) => {
        const fairness = system.fairnessOf(action);
        if (fairness >= 0) here |= 1 << fairness;
        if (!property.allowed(action, flags) || !property.pending(next)) return;
        const target = search.find(next);
        if (target >= 0 && component[target] === component[member]) {
          stays = true;
          if (fairness >= 0) taken |= 1 << fairness;
        }
      });
      enabled &= here;
    }
    // Where nothing is owed by anybody a run may as well stand still.
    return { owed: enabled & ~taken, stays: stays || (members.length === 1 && enabled === 0) };
  };

  let best: { members: readonly number[]; start: number } | undefined;
  for (let root = 0; root < visited.size; root++) {
    if ((++turns & 1023) === 0) yield;
    if (order[root] !== 0 || !pendingAt(root)) continue;
    enter(root);
    while (path.length > 0) {
      if ((++turns & 1023) === 0) yield;
      const node = path.top();
      if (successors.length > begins.top()) {
        const target = successors.pop();
        if (order[target] === 0) enter(target);
        else if (component[target] === 0) low[node] = Math.min(low[node]!, order[target]!);
        continue;
      }
      path.pop();
      begins.pop();
      if (path.length > 0) low[path.top()] = Math.min(low[path.top()]!, low[node]!);
      if (low[node] !== order[node]) continue;
      components++;
      const members: number[] = [];
      let member: number;
      do {
        member = open.pop();
        component[member] = components;
        members.push(member);
      } while (member !== node);
      const { owed, stays } = unfair(members);
      if (owed !== 0 || !stays) continue;
      const start = members.reduce((a, b) => Math.min(a, b));
      if (best === undefined || start < best.start) best = { members, start };
    }
  }
  return best && { start: best.start, loop: walk(search, property, best.start, component) };
}

/** A short loop through a component that takes, or finds not enabled, every fairness class. */
function walk(search: Search, property: Eventually, start: number, component: Int32Array): Stride[] {
  const { system } = search;
  const { next } = system;
  const state: Slots = new Uint8Array(system.slots.length);
  const home = component[start];

  /** The steps of the component out of a state. */
  const out = (from: number): (Stride & { readonly fairness: number })[] => {
    const steps: (Stride & { readonly fairness: number })[] = [];
    search.read(from, state);
    system.expand(state, (action, flags) => {
      if (!property.allowed(action, flags) || !property.pending(next)) return;
      const to = search.find(next);
      if (component[to] === home) steps.push({ to, fairness: system.fairnessOf(action) });
    });
    return steps;
  };
  const isEnabled = (at: number, fairness: number): boolean => {
    let enabled = false;
    search.read(at, state);
    system.expand(state, (action) => (enabled ||= system.fairnessOf(action) === fairness));
    return enabled;
  };
  /** The shortest way from a state to the end of a step that is wanted, within the component. */
  const seek = (from: number, wanted: (step: Stride & { readonly fairness: number }) => boolean): Stride[] | undefined => {
    const cameFrom = new Map<number, number>([[from, -1]]);
    for (const at of cameFrom.keys()) {
      for (const step of out(at)) {
        if (wanted(step)) {
          const way: Stride[] = [step];
          for (let back = at; back !== from; back = cameFrom.get(back)!) way.unshift({ to: back });
          return way;
        }
        if (!cameFrom.has(step.to)) cameFrom.set(step.to, at);
      }
    }
    return undefined;
  };

  const loop: Stride[] = [];
  let at = start;
  const go = (way: readonly Stride[] | undefined): void => {
    loop.push(...(way ?? []));
    at = loop.at(-1)?.to ?? start;
  };
  for (const fairness of new Set(classesAtStart())) {
    if (loop.some((step) => step.fairness === fairness || !isEnabled(step.to, fairness))) continue;
    go(seek(at, (step) => step.fairness === fairness) ?? seek(at, ({ to }) => !isEnabled(to, fairness)));
  }
  if (at !== start || loop.length === 0) go(seek(at, ({ to }) => to === start));
  return loop;

  /** The classes enabled at the start: any other is not enabled somewhere. */
  function classesAtStart(): number[] {
    const found: number[] = [];
    search.read(start, state);
    system.expand(state, (action) => void found.push(system.fairnessOf(action)));
    return found.filter((fairness) => fairness >= 0);
  }
}

/** A stack of integers that grows. */
class Stack {
  length = 0;
  #items = new Int32Array(1024);

  push(item: number): void {
    if (this.length === this.#items.length) {
      const items = new Int32Array(this.length * 2);
      items.set(this.#items);
      this.#items = items;
    }
    this.#items[this.length++] = item;
  }

  pop(): number {
    return this.#items[--this.length]!;
  }

  top(): number {
    return this.#items[this.length - 1]!;
  }
}
