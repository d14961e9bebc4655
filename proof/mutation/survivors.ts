import type { Mutant } from './mutants.js';

/** Changes of our code that no test notices, and why none should. `[the line, what was changed in it, into what]`. */
export interface Excuse {
  readonly file: string;
  readonly reason: string;
  readonly mutants: readonly (readonly [line: string, from: string, to: string])[];
}

export const excuses: readonly Excuse[] = [
  {
    file: 'conformance/engine/delivery-intervals.ts',
    reason: 'What has no message sent none: nothing arrives of it, and of what is no broadcast and did not arrive nothing is said.',
    mutants: [["if (!('message' in operation)) continue;", "!('message' in operation)", 'false']],
  },
  {
    file: 'conformance/engine/delivery-intervals.ts',
    reason: 'Of two that were called at the same time either is the one that was called last: another is named, of which the same is true.',
    mutants: [['for (const one of received) latest.push(latest.length === 0 || one.call.start > latest.at(-1)!.call.start ? one : latest.at(-1)!);', 'one.call.start > latest.at(-1)!.call.start', 'one.call.start >= latest.at(-1)!.call.start']],
  },
  {
    file: 'conformance/engine/lifetimes.ts',
    reason: 'For the compiler: the name of a server is a text, so no broadcast is to what is none, and nobody asks what is tied to it.',
    mutants: [["return typeof server === 'string' ? { transport: operation.id, server } : undefined;", "typeof server === 'string'", 'true']],
  },
  {
    file: 'conformance/engine/moments.ts',
    reason: 'Of two labels that begin at the same time either may come first: whichever is left out, the other begins then.',
    mutants: [['return start < after.start ? { end, start, label, others: after.start } : { end, start: after.start, label: after.label, others: Math.min(start, after.others) …', 'start < after.start', 'start <= after.start']],
  },
  {
    file: 'conformance/engine/periods.ts',
    reason: 'Saves the time to look at what was over before it could count.',
    mutants: [
      ['const first = firstIndex(latest, (last) => last >= start);', 'last >= start', 'true'],
      ['let last = -Infinity;', '-Infinity', '+Infinity'],
      ['for (const period of holding) if (period.to <= call.start) holding.delete(period);', 'period.to <= call.start', 'false'],
      ['for (const period of holding) if (period.to <= call.start) holding.delete(period);', 'period.to <= call.start', 'period.to < call.start'],
    ],
  },
  {
    file: 'conformance/linearizability/islands.ts',
    reason: 'Saves the time to go through a list of which nothing is left out, and to join and sort one of which all is there.',
    mutants: [
      ['const key = `${values.join()};${(lost.length === 0 ? placed : placed.filter((number) => !lost.includes(number))).join()}`;', 'lost.length === 0', 'false'],
      ['export const merged = (a: readonly number[], b: readonly number[]): readonly number[] => (a.length === 0 ? b : b.length === 0 ? a : [...a, ...b].sort((x, y) =>…', 'a.length === 0', 'false'],
      ['export const merged = (a: readonly number[], b: readonly number[]): readonly number[] => (a.length === 0 ? b : b.length === 0 ? a : [...a, ...b].sort((x, y) =>…', 'b.length === 0', 'false'],
    ],
  },
  {
    file: 'src/config.ts',
    reason: 'Slower, and the same: a property that is defined cannot be told from one that was assigned, once the copy is frozen.',
    mutants: [["if (key === '__proto__') Object.defineProperty(copy, key, { value: item, enumerable: true });", "key === '__proto__'", 'true']],
  },
  {
    file: 'src/contention.ts',
    reason: 'Suspects only save work: whoever is suspected without need, or for too long, is looked at and found not to be alarmed.',
    mutants: [
      ['if (latency > this.thresholds.alarmAboveMs) this.suspect(partition);', 'latency > this.thresholds.alarmAboveMs', 'true'],
      ['if (latency > this.thresholds.alarmAboveMs) this.suspect(partition);', 'latency > this.thresholds.alarmAboveMs', 'latency >= this.thresholds.alarmAboveMs'],
      ['if (this.#suspects.size <= limit) return true;', 'this.#suspects.size <= limit', 'false'],
      ['if (this.#suspects.size <= limit) return true;', 'this.#suspects.size <= limit', 'this.#suspects.size < limit'],
      ['#acquit(partition: number, now: number): void {', '{ const { window, lane } = this.gauges[partition]!; if (lane.idle && !window.samples(now).some((sample) => sample > this.thresholds.alarmAboveMs)) this.#suspec…', '{}'],
      ['if (lane.idle && !window.samples(now).some((sample) => sample > this.thresholds.alarmAboveMs)) this.#suspects.delete(partition);', 'lane.idle && !window.samples(now).some((sample) => sample > this.thresholds.alarmAboveMs)', 'false'],
      ['if (lane.idle && !window.samples(now).some((sample) => sample > this.thresholds.alarmAboveMs)) this.#suspects.delete(partition);', 'sample > this.thresholds.alarmAboveMs', 'true'],
      ['if (lane.idle && !window.samples(now).some((sample) => sample > this.thresholds.alarmAboveMs)) this.#suspects.delete(partition);', 'sample > this.thresholds.alarmAboveMs', 'sample >= this.thresholds.alarmAboveMs'],
    ],
  },
  {
    file: 'src/directory.ts',
    reason: 'All that is asked of these numbers is that no two are the same.',
    mutants: [['return ++this.#operations;', '++this.#operations', '--this.#operations']],
  },
  {
    file: 'src/ids.ts',
    reason: 'Bounds the time that is spent on a text that is too long: it is refused after all of it has been counted, too.',
    mutants: [["if (typeof value !== 'string' || value.length === 0 || value.length > 2 * maxIdLength) return false;", 'value.length > 2 * maxIdLength', 'false']],
  },
  {
    file: 'src/lane.ts',
    reason: 'Saves the time to make a key, to look for what waits, or to look at a partition that is not contended; what would be found is nothing.',
    mutants: [
      ['const doubt = this.#doubts.size === 0 ? undefined : this.#doubts.get(keyOf(write.operation));', 'this.#doubts.size === 0', 'false'],
      ['if (this.#holder === write) {', 'this.#holder === write', 'true'],
      ['else if (this.#waiting.size > 0 || this.#downs.length > 0) this.#pump();', 'this.#waiting.size > 0 || this.#downs.length > 0', 'true'],
      ['else if (this.#waiting.size > 0 || this.#downs.length > 0) this.#pump();', 'this.#waiting.size > 0', 'this.#waiting.size >= 0'],
      ['else if (this.#waiting.size > 0 || this.#downs.length > 0) this.#pump();', 'this.#downs.length > 0', 'this.#downs.length >= 0'],
    ],
  },
  {
    file: 'src/lane.ts',
    reason: 'For the compiler: a write that ends after the close was under way at the close, and then somebody waits for it.',
    mutants: [['if (this.#closed) this.#onIdle?.();', 'this.#onIdle?.()', 'this.#onIdle()']],
  },
  {
    file: 'src/operations.ts',
    reason: 'The same: a function that returns nothing returns undefined.',
    mutants: [
      ['protected binding(): ServerEntry | undefined {', '{ return undefined; }', '{}'],
      ['protected inserted(_entry: E): Amendment | undefined {', '{ return undefined; }', '{}'],
    ],
  },
  {
    file: 'src/operations.ts',
    reason: 'Says with what a conflict is refused, which nobody is told of a name that went down; its key is in doubt either way.',
    mutants: [['readonly creates = false;', 'false', 'true']],
  },
  {
    file: 'src/outbox.ts',
    reason: 'Saves time: what is no promise becomes one that nobody waits for.',
    mutants: [['if (isThenable(result)) Promise.resolve(result).then(undefined, ignore);', 'isThenable(result)', 'true']],
  },
  {
    file: 'src/window.ts',
    reason: 'Overwritten by the first sample, and before that as old as nothing is.',
    mutants: [
      ['readonly #latencies: number[] = [];', '[]', '["Stryker was here"]'],
      ['readonly #times: number[] = [];', '[]', '["Stryker was here"]'],
    ],
  },
];

export interface Excused extends Mutant {
  readonly reason: string;
}

export const excused: readonly Excused[] = excuses.flatMap(({ file, reason, mutants }) => mutants.map(([line, from, to]) => ({ file, line, from, to, reason })));
