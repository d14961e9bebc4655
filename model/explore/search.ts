import { Packing } from './packing.js';
import { flags as flag, type Always, type Property, type Slots, type Sometimes, type Symmetry, type System } from './system.js';
import { OutOfMemory, Visited } from './visited.js';

/** Where a property was seen to fail, or a witness was found: in a state, or in a step out of it. */
export interface Sighting {
  readonly state: number;
  /** The step out of the state, if it is one. */
  readonly action?: number;
}

/** Why a search ended before it had seen everything. */
export type Bound = 'states' | 'seconds' | 'memory' | 'interrupted' | 'violation';

export interface SearchOptions {
  readonly symmetries: readonly Symmetry[];
  /** Bytes that the states may take. */
  readonly memory?: number;
  /** How many states may be found. */
  readonly states?: number;
  /**
   * The property whose failure ends the search; undefined: none does. Without this option the failure of any property does, once
   * all that is as near has been seen.
   */
  readonly until?: string | undefined;
}

/**
 * A breadth-first search of a system: every reachable state, in the order of its distance from the initial one, so that the first
 * sighting of anything has a shortest way to it. It runs in slices, so that whoever runs it can do other things in between.
 */
export class Search {
  readonly visited: Visited;
  readonly sightings = new Map<string, Sighting>();
  /** Steps computed, those that change nothing included. */
  transitions = 0;
  /** Of these, the steps that lead somewhere else. */
  moves = 0;
  /** The distance of the states that are being expanded. */
  depth = 0;
  /** Set when the search ended early. */
  bound: Bound | undefined = undefined;
  readonly #packing: Packing;
  readonly #always: readonly Always[];
  readonly #sometimes: readonly Sometimes[];
  readonly #before: Slots;
  #cursor = 0;
  #levelEnd = 1;
  #finished = false;

  constructor(
    readonly system: System,
    properties: readonly Property[],
    readonly options: SearchOptions,
  ) {
    this.#packing = new Packing(system.slots, options.symmetries);
    this.visited = new Visited(this.#packing.words, options.memory);
    this.#always = properties.filter((property) => property.kind === 'always');
    this.#sometimes = properties.filter((property) => property.kind === 'sometimes');
    this.#before = new Uint8Array(system.slots.length);
    this.#packing.pack(system.initial);
    this.visited.add(this.#packing.packed, -1);
    this.#look(system.initial, 0);
  }

  /** States found and not expanded yet. */
  get frontier(): number {
    return this.visited.size - this.#cursor;
  }

  /** Whether everything reachable has been seen. */
  get complete(): boolean {
    return this.#finished && this.bound === undefined;
  }

  /** Goes on for some milliseconds; true if there is nothing left to do. */
  run(milliseconds = Infinity): boolean {
    if (this.#finished) return true;
    const end = performance.now() + milliseconds;
    const { visited, options } = this;
    const most = options.states ?? Infinity;
    const steps = this.#always.filter(({ step }) => step !== undefined);
    let seeks = this.#sometimes.filter(({ id, step }) => step !== undefined && !this.sightings.has(id));
    const standstills = this.#always.filter(({ standstill }) => standstill !== undefined);
    const before = this.#before;
    const packing = this.#packing;
    const { system } = this;
    const { next } = system;
    let seen = 0;

    const emit = (action: number, flags: number): void => {
      this.transitions++;
      seen |= flags;
      for (let i = 0; i < steps.length; i++) if (!steps[i]!.step!(before, action, next, flags)) this.#sight(steps[i]!, { state: this.#cursor, action });
      for (const sought of seeks) {
        if (!sought.step!(before, action, next, flags)) continue;
        this.#sight(sought, { state: this.#cursor, action });
        seeks = seeks.filter((one) => one !== sought);
      }
      if (same(before, next)) return;
      this.moves++;
      packing.pack(next);
      if (visited.add(packing.packed, this.#cursor)) this.#look(next, visited.size - 1);
    };

    try {
      while (this.#cursor < visited.size) {
        if ((this.#cursor & 255) === 0 && performance.now() > end) return false;
        if (visited.size > most) return this.#end('states');
        if (this.#cursor === this.#levelEnd) {
          // Whatever failed on this level has no shorter way; a later level could only have longer ones.
          if (this.#enough()) return this.#end('violation');
          this.depth++;
          this.#levelEnd = visited.size;
        }
        packing.unpack(visited.chunkOf(this.#cursor), visited.offsetOf(this.#cursor), before);
        seen = 0;
        system.expand(before, emit);
        if ((seen & flag.progress) === 0) {
          for (const property of standstills) if (!property.standstill!(before)) this.#sight(property, { state: this.#cursor });
        }
        this.#cursor++;
      }
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
      return this.#end('memory');
    }
    return this.#end(undefined);
  }

  /** Ends the search where it is. */
  stop(bound: Bound): void {
    if (!this.#finished) this.#end(bound);
  }

  /** Puts a state into `state`. */
  read(number: number, state: Slots): void {
    this.#packing.unpack(this.visited.chunkOf(number), this.visited.offsetOf(number), state);
  }

  /** The number of the state that a state is, or is alike to; -1 if it has not been seen. */
  find(state: Slots): number {
    this.#packing.pack(state);
    return this.visited.find(this.#packing.packed);
  }

  #enough(): boolean {
    if ('until' in this.options) return this.options.until !== undefined && this.sightings.has(this.options.until);
    return this.#always.some(({ id }) => this.sightings.has(id));
  }

  #end(bound: Bound | undefined): true {
    this.#finished = true;
    this.bound ??= bound;
    return true;
  }

  #look(state: Slots, number: number): void {
    for (let i = 0; i < this.#always.length; i++) {
      const property = this.#always[i]!;
      if (property.state !== undefined && !property.state(state)) this.#sight(property, { state: number });
    }
    for (let i = 0; i < this.#sometimes.length; i++) {
      const property = this.#sometimes[i]!;
      if (property.state !== undefined && !this.sightings.has(property.id) && property.state(state)) this.#sight(property, { state: number });
    }
  }

  #sight({ id }: Property, sighting: Sighting): void {
    if (!this.sightings.has(id)) this.sightings.set(id, sighting);
  }
}

/** Whether a step led nowhere. */
export function same(a: Slots, b: Slots): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

