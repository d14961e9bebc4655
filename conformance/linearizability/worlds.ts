import { isDefinite, type Entry, type History } from './history.js';
import { connected, inserted, isSame, Least, merged, type Call, type Island, type Way, type World } from './islands.js';
import { MemoryFull } from './memory.js';
import type { Objects } from './objects.js';
import type { PartResult, Placed, Verdict } from './search.js';
import type { States } from './states.js';

/** As many worlds of one island are looked at together: more of them, and it is given up. */
const mostWorlds = 2_048;

/** What may follow from one event, in steps. */
const mostSteps = 2 ** 17;

/** What a way or a world is taken to need, in bytes. */
const nominalWorld = 128;

/**
 * Judges a history of objects from its beginning to its end: after each event it knows all that may be the case. This would be too
 * much if it were known of all objects together; but what is uncertain is the order of operations that overlap, and those touch few
 * objects each. So the objects lie on islands: those are together that an open operation touches, or whose values depend on each
 * other; an object on no island holds what is known. Time is that of the history times the worlds of an island, however many objects
 * there are, and whichever the verdict.
 *
 * An operation is placed as late as can be: when it ends, or when one that ends needs it (just-in-time linearization, Lowe, 2017).
 * The others that are put before it are those that have to do with it: what has not can as well come later. A read is placed as soon
 * as it is allowed. Of two worlds that are alike, but for operations with an unknown end that only one of them has used, that one goes.
 */
export class Worlds<S, I, O> {
  verdict: Verdict | undefined = undefined;
  steps = 0;
  readonly #objects: Objects<I, O>;
  readonly #calls: Call<I, O>[];
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** What an object holds, if it is on no island. */
  readonly #known: number[] = [];
  readonly #islands: (Island<I, O> | undefined)[] = [];
  /** For each object those that may refer to it. */
  readonly #referrers: Set<number>[] = [];
  /** Calls in the order in which they were made, and in which they ended; and how many of them are done. */
  readonly #ends: readonly Call<I, O>[];
  #called = 0;
  #ended = 0;
  /** When what follows from one event becomes too much. */
  #lastStep = 0;
  /** How the islands came to an end that are none any more. */
  readonly #settled: Way[] = [];

  constructor(readonly states: States<S, I, O>, readonly history: History<I, O>, objects: Objects<I, O>) {
    this.#objects = objects;
    const { model } = states;
    const isRead = ({ invocation, response }: Entry<I, O>): boolean => model.isRead?.(invocation, response) ?? false;
    this.#calls = [...history]
      // Of a read that was lost nothing is known, and it changes nothing.
      .filter((entry) => isDefinite(entry) || !isRead(entry))
      .sort((a, b) => a.start - b.start)
      .map((entry, number): Call<I, O> => {
        const names = objects.touches(entry.invocation);
        return { number, entry, names, touches: names.map((name) => this.#numberOf(name)), isRemoval: objects.isRemoval(entry.invocation), isRead: isRead(entry), isLost: !isDefinite(entry), island: undefined };
      });
    this.#ends = this.#calls.filter(({ isLost }) => !isLost).sort((a, b) => a.entry.end - b.entry.end);
  }

  /** Goes on until there is a verdict, or about so much has been done. */
  run(steps: number, work: number): void {
    const last = this.steps + Math.min(steps, work);
    try {
      while (this.verdict === undefined && this.steps < last) this.#next();
    } catch (error) {
      if (!(error instanceof MemoryFull)) throw error;
      this.verdict = 'unknown';
    }
  }

  result(): PartResult<S, I, O> {
    const order = lazily(() => this.#order());
    const unplaced = lazily(() => {
      const there = new Set(order().map(({ entry }) => entry));
      return this.#calls.flatMap(({ entry }) => (isDefinite(entry) && !there.has(entry) ? [entry] : []));
    });
    const stuck = lazily(() => {
      const bound = unplaced().reduce((least, { end }) => Math.min(least, end), Infinity);
      return unplaced().filter(({ start }) => start <= bound);
    });
    return {
      verdict: this.verdict ?? 'unknown',
      history: this.history,
      get longest() { return order(); },
      get unplaced() { return unplaced(); },
      get stuck() { return stuck(); },
    };
  }

  /** One event: where a call and an end come at the same time, the call is first. */
  #next(): void {
    const call = this.#calls[this.#called];
    const end = this.#ends[this.#ended];
    if (end === undefined) {
      this.verdict = 'linearizable';
    } else if (call !== undefined && call.entry.start <= end.entry.end) {
      this.#called++;
      this.#begin(call);
    } else {
      this.#ended++;
      this.#end(end);
    }
    this.steps++;
  }

  #begin(call: Call<I, O>): void {
    const touched = call.isRemoval ? this.#withReferrers(call.touches) : call.touches;
    const island = this.#united(touched);
    island.open = [...island.open, call];
    call.island = island;
    if (call.isRead) island.worlds = island.worlds.map((world) => this.#place(island, world, call) ?? world);
  }

  #end(call: Call<I, O>): void {
    const island = call.island!;
    const [only, ...more] = island.worlds;
    if (more.length === 0 && island.open.length === 1) {
      // Nothing else is open, and nothing uncertain.
      const world = only!.placed.length > 0 ? only : this.#place(island, only!, call);
      if (world === undefined) this.verdict = 'violated';
      else this.#leave(island.objects, world);
      return;
    }
    this.#lastStep = this.steps + mostSteps;
    const after: World[] = [];
    const keep = (world: World): void => {
      after.push({ ...world, placed: world.placed.filter((number) => number !== call.number) });
    };
    for (const world of island.worlds) {
      if (world.placed.includes(call.number)) keep(world);
      else this.#explore(island, world, call, keep);
    }
    if (after.length === 0) {
      this.verdict = 'violated';
      return;
    }
    island.open = island.open.filter((other) => other !== call);
    island.worlds = this.#least(after);
    if (island.worlds.length > mostWorlds) throw new MemoryFull();
    this.#divide(island);
  }

  /** Finds all ways to come from a world to ones in which a call is placed, by placing it and others that have to do with it. */
  #explore(island: Island<I, O>, from: World, call: Call<I, O>, keep: (world: World) => void): void {
    const open = island.open.filter((other) => other !== call && !from.placed.includes(other.number));
    const others = connected(call, open).filter((other) => !other.isRead);
    // Reads tie as well: one that a write makes possible may have to come before the call.
    const needsAll = ({ placed }: World): boolean => {
      const added = open.filter((other) => placed.includes(other.number));
      const needed = added.length === 0 ? added : connected(call, added);
      return needed.length === added.length || added.every((other) => other.isRead || needed.includes(other));
    };
    const seen = new Least(this.#isLost);
    seen.add(from);
    const ways = [from];
    // It grows while it is walked: those in which less has been placed come first.
    for (const world of ways) {
      const done = this.#place(island, world, call);
      if (done !== undefined && needsAll(world)) keep(this.#withReads(island, done));
      for (const other of others) {
        if (world.placed.includes(other.number)) continue;
        const next = this.#place(island, world, other);
        if (next === undefined) continue;
        const complete = this.#withReads(island, next);
        if (!seen.add(complete)) continue;
        if (this.steps > this.#lastStep) throw new MemoryFull();
        // It may have been placed with the reads.
        if (!complete.placed.includes(call.number)) ways.push(complete);
        else if (needsAll(complete)) keep(complete);
      }
    }
  }

  /** The world after a call has been placed; undefined if it cannot be. */
  #place({ objects }: Island<I, O>, world: World, call: Call<I, O>): World | undefined {
    this.steps++;
    const touches = call.isRemoval ? objects : call.touches;
    const names = call.isRemoval ? objects.map((object) => this.#names[object]!) : call.names;
    const before = call.isRemoval ? world.values : touches.map((object) => world.values[objects.indexOf(object)]!);
    const after = this.#objects.step(names, before, call.entry.invocation, call.entry.response);
    if (after === undefined) return undefined;
    this.states.memory.count(nominalWorld);
    let { values } = world;
    if (after !== before) {
      const changed = [...values];
      for (const [i, object] of touches.entries()) {
        if (after[i] === before[i]) continue;
        changed[objects.indexOf(object)] = after[i]!;
        for (const name of this.#objects.refersTo(after[i]!)) this.#referrers[this.#numberOf(name)]!.add(object);
      }
      values = changed;
    }
    return { values, placed: inserted(world.placed, call.number), way: { at: this.steps, call: call.number, before: world.way } };
  }

  #withReads(island: Island<I, O>, world: World): World {
    let complete = world;
    for (const call of island.open) if (call.isRead && !complete.placed.includes(call.number)) complete = this.#place(island, complete, call) ?? complete;
    return complete;
  }

  /** The island on which objects lie, once all of them lie on one. */
  #united(objects: readonly number[]): Island<I, O> {
    const islands: Island<I, O>[] = [];
    const free: number[] = [];
    for (const object of objects) {
      const island = this.#islands[object];
      if (island === undefined) free.push(object);
      else if (!islands.includes(island)) islands.push(island);
    }
    if (islands.length === 1 && free.length === 0) return islands[0]!;
    let worlds: readonly World[] = [{ values: free.map((object) => this.#known[object]!), placed: [], way: undefined }];
    for (const island of islands) {
      if (worlds.length * island.worlds.length > mostWorlds) throw new MemoryFull();
      worlds = worlds.flatMap((a) => island.worlds.map((b): World => ({ values: [...a.values, ...b.values], placed: merged(a.placed, b.placed), way: this.#meet(a.way, b.way) })));
    }
    return this.#settle([...free, ...islands.flatMap((island) => island.objects)], islands.flatMap(({ open }) => open), worlds);
  }

  #settle(objects: readonly number[], open: readonly Call<I, O>[], worlds: readonly World[]): Island<I, O> {
    const island = { objects, open, worlds };
    for (const object of objects) this.#islands[object] = island;
    for (const call of open) call.island = island;
    return island;
  }

  #meet(a: Way | undefined, b: Way | undefined): Way | undefined {
    if (a === undefined || b === undefined) return a ?? b;
    return { at: ++this.steps, call: -1, before: a, other: b };
  }

  /** Takes an island apart: objects that no open call ties together, and about which all worlds agree, go. */
  #divide(island: Island<I, O>): void {
    const { worlds, open } = island;
    if (open.length === 0 && worlds.length === 1) {
      this.#leave(island.objects, worlds[0]!);
      return;
    }
    const rest: { objects: number[]; open: Call<I, O>[] } = { objects: [], open: [] };
    const certain: { readonly objects: readonly number[]; readonly open: readonly Call<I, O>[]; readonly world: World }[] = [];
    for (const part of this.#parts(island)) {
      const positions = part.objects.map((object) => island.objects.indexOf(object));
      const projected = (world: World): World => ({ values: positions.map((at) => world.values[at]!), placed: world.placed.filter((number) => part.open.some((call) => call.number === number)), way: undefined });
      const first = projected(worlds[0]!);
      if (worlds.every((world) => world === worlds[0] || isSame(projected(world), first))) {
        certain.push({ ...part, world: first });
      } else {
        rest.objects.push(...part.objects);
        rest.open.push(...part.open);
      }
    }
    if (certain.length === 0) return;
    for (const { objects, open, world } of certain) {
      if (open.length > 0) this.#settle(objects, open, [world]);
      else this.#leave(objects, world);
    }
    // How it came to this is remembered once.
    if (rest.objects.length === 0) {
      if (worlds[0]!.way !== undefined) this.#settled.push(worlds[0]!.way);
      return;
    }
    const positions = rest.objects.map((object) => island.objects.indexOf(object));
    const numbers = new Set(rest.open.map(({ number }) => number));
    this.#settle(rest.objects, open.filter((call) => numbers.has(call.number)), worlds.map(({ values, placed, way }) => ({ values: positions.map((at) => values[at]!), placed: placed.filter((number) => numbers.has(number)), way })));
  }

  /** All is known about objects: they are on no island any more. */
  #leave(objects: readonly number[], { values, way }: World): void {
    for (let i = 0; i < objects.length; i++) {
      this.#known[objects[i]!] = values[i]!;
      this.#islands[objects[i]!] = undefined;
    }
    if (way !== undefined) this.#settled.push(way);
  }

  /** The objects of an island that are tied together by open calls. */
  #parts({ objects, open }: Island<I, O>): { objects: number[]; open: Call<I, O>[] }[] {
    const parts = new Set(objects.map((object) => ({ objects: [object], open: [] as Call<I, O>[] })));
    const partOf = new Map([...parts].map((part) => [part.objects[0]!, part]));
    for (const call of open) {
      const touched = call.isRemoval ? this.#withReferrers(call.touches) : call.touches;
      const first = partOf.get(touched[0]!)!;
      for (const object of touched) {
        const other = partOf.get(object)!;
        if (other === first) continue;
        for (const one of other.objects) partOf.set(one, first);
        first.objects.push(...other.objects);
        first.open.push(...other.open);
        parts.delete(other);
      }
      first.open.push(call);
    }
    return [...parts];
  }

  /** Objects, and all that may refer to them, and what may refer to those. */
  #withReferrers(objects: readonly number[]): readonly number[] {
    const all = new Set(objects);
    // The set grows while it is walked.
    for (const object of all) {
      const referrers = this.#referrers[object]!;
      for (const other of referrers) {
        if (all.has(other)) continue;
        if (this.#mayReferTo(other, this.#names[object]!)) all.add(other);
        else referrers.delete(other);
      }
    }
    return [...all];
  }

  #mayReferTo(object: number, name: string): boolean {
    const island = this.#islands[object];
    if (island === undefined) return this.#objects.refersTo(this.#known[object]!).includes(name);
    const at = island.objects.indexOf(object);
    return island.worlds.some(({ values }) => this.#objects.refersTo(values[at]!).includes(name));
  }

  /** Of worlds that are alike, one, with the fewest operations that may never have happened. */
  #least(worlds: World[]): readonly World[] {
    if (worlds.length === 1) return worlds;
    const countOf = ({ placed }: World): number => placed.filter(this.#isLost).length;
    const least = new Least(this.#isLost);
    return worlds.sort((a, b) => countOf(a) - countOf(b)).filter((world) => least.add(world));
  }

  readonly #isLost = (number: number): boolean => this.#calls[number]!.isLost;

  #numberOf(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#names.push(name) - 1;
      this.#numbers.set(name, number);
      this.#known.push(0);
      this.#islands.push(undefined);
      this.#referrers.push(new Set());
    }
    return number;
  }

  /** What was placed, in the order in which it was, and then all that could be placed beside it. */
  #order(): Placed<S, I, O>[] {
    const ends = new Set<Way>(this.#settled);
    for (const island of new Set(this.#islands)) {
      const way = island?.worlds.reduce((most, world) => (world.placed.length > most.placed.length ? world : most)).way;
      if (way !== undefined) ends.add(way);
    }
    // The set grows while it is walked.
    for (const { before, other } of ends) {
      if (before !== undefined) ends.add(before);
      if (other !== undefined) ends.add(other);
    }
    const placed = [...ends].filter(({ call }) => call >= 0).sort((a, b) => a.at - b.at);
    const { model } = this.states;
    const order: Placed<S, I, O>[] = [];
    let state = model.initial;
    const place = ({ entry }: Call<I, O>): boolean => {
      const [next] = model.step(state, entry.invocation, entry.response);
      if (next !== undefined) order.push({ entry, state: (state = next) });
      return next !== undefined;
    };
    const left = new Set(this.#calls);
    for (const { call } of placed) if (place(this.#calls[call]!)) left.delete(this.#calls[call]!);
    if (this.verdict === 'linearizable') return order;
    for (let goesOn = true; goesOn; ) {
      goesOn = false;
      const bound = this.#ends.find((call) => left.has(call))?.entry.end ?? Infinity;
      for (const call of left) {
        if (call.entry.start > bound) break;
        if (call.isLost || !place(call)) continue;
        left.delete(call);
        goesOn = true;
        break;
      }
    }
    return order;
  }
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
