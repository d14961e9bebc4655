import { defaultThresholds, partitionLimits } from '../spec/defaults.js';
import type { AdmissionMode, Clock, Thresholds } from '../spec/interface.js';
import { systemClock } from './clock.js';
import { invalid } from './error.js';
import { memoryStore, type Store } from './store.js';

/** What a registry may be told when it is made. Everything has a default; what is `undefined` keeps it. */
export interface RegistryOptions extends Partial<Thresholds> {
  /** How many partitions, from 1 to 64 (PRT-1). Default 16. */
  readonly partitions?: number | undefined;
  /** How registrations are admitted to begin with (ADM-6). Default `auto`. */
  readonly admission?: AdmissionMode | undefined;
  /** Where time comes from. Default: that of the process. */
  readonly clock?: Clock | undefined;
  /** Makes the store of a partition, by its index. Called once for each. Default {@link memoryStore}. */
  readonly store?: ((partition: number) => Store) | undefined;
  /** How many writes may wait in one partition; one more is refused with `partition_overloaded`. Default 10,000. */
  readonly maxWaitingWrites?: number | undefined;
  /**
   * Milliseconds that a write may wait for its turn (then `write_timeout`), and that its commit may take (then
   * `outcome_unknown`). Default 5,000.
   */
  readonly writeTimeoutMs?: number | undefined;
}

/** Options with nothing left out and nothing wrong. */
export interface Settings {
  readonly thresholds: Thresholds;
  readonly partitions: number;
  readonly admission: AdmissionMode;
  readonly clock: Clock;
  readonly store: (partition: number) => Store;
  readonly maxWaitingWrites: number;
  readonly writeTimeoutMs: number;
}

/** The longest that a timer can run. */
const maxTimerMs = 2 ** 31 - 1;

type Rule = readonly [ok: (value: unknown) => boolean, wanted: string];

const number = (ok: (value: number) => boolean, wanted: string): Rule => [(value) => typeof value === 'number' && ok(value), wanted];
const integer = (least: number, most: number): Rule => number((value) => Number.isInteger(value) && value >= least && value <= most, `an integer from ${least} to ${most}`);
const atLeastZero = number((value) => value >= 0, 'a number of at least 0');

/** Whether a value is an {@link AdmissionMode}. */
export const isMode = (value: unknown): value is AdmissionMode => value === 'auto' || value === 'open' || value === 'closed';

const isClock = (value: unknown): boolean =>
  (['now', 'setTimeout', 'clearTimeout'] as const).every((name) => typeof (value as Partial<Clock> | null)?.[name] === 'function');

const rules: { readonly [Option in keyof Required<RegistryOptions>]: Rule } = {
  partitions: integer(partitionLimits.least, partitionLimits.most),
  admission: [isMode, "'auto', 'open' or 'closed'"],
  clock: [isClock, 'an object with now, setTimeout and clearTimeout'],
  store: [(value) => typeof value === 'function', 'a function that makes the store of a partition'],
  maxWaitingWrites: integer(0, 1_000_000),
  writeTimeoutMs: number((value) => value > 0 && value <= maxTimerMs, `a number of milliseconds above 0 and at most ${maxTimerMs}`),
  windowSize: integer(1, 100_000),
  windowMs: number((value) => value > 0, 'a number of milliseconds above 0'),
  minWrites: atLeastZero,
  alarmAboveMs: atLeastZero,
  stuckAfterMs: atLeastZero,
  closeAbove: number((value) => value >= 0 && value <= 1, 'a fraction from 0 to 1'),
};

/** Options, checked and completed. Throws `invalid_argument`, and names the option. */
export function settle(options: unknown): Settings {
  if (typeof options !== 'object' || options === null) throw invalid('The options are not an object.');
  const given: Partial<Record<keyof RegistryOptions, unknown>> = {};
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) throw invalid(`There is no option ${JSON.stringify(name)}: there are ${Object.keys(rules).join(', ')}.`);
    const option = name as keyof RegistryOptions;
    const [ok, wanted] = rules[option];
    if (value === undefined) continue;
    if (!ok(value)) throw invalid(`The option ${name} is wrong: give ${wanted}.`);
    given[option] = value;
  }
  const { windowSize, windowMs, minWrites, alarmAboveMs, stuckAfterMs, closeAbove } = { ...defaultThresholds, ...(given as Partial<Thresholds>) };
  return {
    partitions: partitionLimits.default,
    admission: 'auto',
    clock: systemClock,
    store: memoryStore,
    maxWaitingWrites: 10_000,
    writeTimeoutMs: 5_000,
    ...(given as Partial<Settings>),
    thresholds: { windowSize, windowMs, minWrites, alarmAboveMs, stuckAfterMs, closeAbove },
  };
}

/** The store of a partition, made and looked at. Throws `invalid_argument`. */
export function makeStore(make: Settings['store'], partition: number): Store {
  let store: Partial<Store> | null | undefined;
  try {
    store = make(partition);
  } catch (error) {
    throw invalid(`The option store threw for partition ${partition}: give a function that makes a store.`, error);
  }
  if (typeof store?.commit !== 'function' || typeof store.read !== 'function') {
    throw invalid(`The option store made none for partition ${partition}: it must return an object with commit and read.`);
  }
  return store as Store;
}
