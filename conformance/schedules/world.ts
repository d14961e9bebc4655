/** Something that can happen next. */
export interface Step {
  /** Whose step it is: a client, or something that steps by itself. Counted from 0. */
  readonly thread: number;
  /** What it is, for people. */
  readonly label: string;
}

/**
 * Something whose steps the kit puts in order. It is made anew for each schedule, and the same choices lead to the same places:
 * that makes a schedule a list of numbers that can be counted through, shrunk and replayed.
 */
export interface World<S extends Step = Step> {
  /** What can happen next, in an order that depends on nothing but what has happened. Empty: it is over. */
  enabled(): readonly S[];
  /** Lets one of it happen, and all that follows from it by itself. A promise only if that takes turns of the promise queue. */
  take(step: S): void | Promise<void>;
}

/** Which of the enabled steps were taken, one after the other: numbers into what was enabled. */
export type Schedule = readonly number[];

/** Decides what happens next. */
export interface Chooser<S extends Step = Step> {
  /** A number of `enabled`, which is not empty; -1 to go no further: whatever follows has been seen. */
  choose(enabled: readonly S[], depth: number): number;
}

/** Runs a world to its end. Gives the choices made, and false if the chooser gave up on it. */
export function run<S extends Step>(world: World<S>, chooser: Chooser<S>, schedule: number[] = []): boolean | Promise<boolean> {
  for (;;) {
    const taken = takeOne(world, chooser, schedule);
    if (typeof taken === 'boolean') return taken;
    if (taken !== undefined) return runOn(taken, world, chooser, schedule);
  }
}

/** The rest of a run, of which some steps wait: no deeper for every one that does. */
async function runOn<S extends Step>(waits: Promise<void>, world: World<S>, chooser: Chooser<S>, schedule: number[]): Promise<boolean> {
  await waits;
  for (;;) {
    const taken = takeOne(world, chooser, schedule);
    if (typeof taken === 'boolean') return taken;
    if (taken !== undefined) await taken;
  }
}

/** Takes the step that is chosen; if there is none, whether that is the end. */
function takeOne<S extends Step>(world: World<S>, chooser: Chooser<S>, schedule: number[]): boolean | Promise<void> | undefined {
  const enabled = world.enabled();
  if (enabled.length === 0) return true;
  // A world that lives by a time of its own may offer less than it did when the choice was made.
  const choice = Math.min(chooser.choose(enabled, schedule.length), enabled.length - 1);
  if (choice < 0) return false;
  schedule.push(choice);
  const waits = world.take(enabled[choice]!);
  return waits ?? undefined;
}
