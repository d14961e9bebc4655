import type { Mutant } from './mutants.js';

/** Changes of our code that no test notices, and why none should. `[the line, what was changed in it, into what]`. */
export interface Excuse {
  readonly file: string;
  readonly reason: string;
  readonly mutants: readonly (readonly [line: string, from: string, to: string])[];
}

/** What a machine says of its events and tags. */
const typesOf = (machine: string, events: string, tag: string): Excuse => ({
  file: `model/machines/${machine}.ts`,
  reason: 'For the compiler: types are of no account when it runs.',
  mutants: [[`types: { events: {} as ${events}, tags: {} as '${tag}' },`, `{ events: {} as ${events}, tags: {} as '${tag}' }`, '{}']],
});

export const excuses: readonly Excuse[] = [
  {
    file: 'conformance/engine/answer.ts',
    reason: 'Nothing is as false as false.',
    mutants: [['} catch {', '{ return false; }', '{}']],
  },
  {
    file: 'conformance/engine/blame.ts',
    reason: 'For the compiler: what is refused and gets here is no registration, only a refusal has a code, and only a binding has a transport.',
    mutants: [
      ["if (!registers && answer.kind === 'refused' && answer.code === 'admission_control_active') return ['ADM-3'];", "!registers && answer.kind === 'refused'", 'true'],
      ["if (!registers && answer.kind === 'refused' && answer.code === 'admission_control_active') return ['ADM-3'];", "!registers && answer.kind === 'refused'", "!registers || answer.kind === 'refused'"],
      ["if (!registers && answer.kind === 'refused' && answer.code === 'admission_control_active') return ['ADM-3'];", "answer.kind === 'refused'", 'true'],
      ["return difference.in === 'binding' && difference.transportId === operation.transportId && circumstances.wasBound(operation.transportId) ? ['BND-4', 'BND-1'] : …", "difference.in === 'binding'", 'true'],
    ],
  },
  {
    file: 'conformance/engine/blame.ts',
    reason: 'There are two kinds of names: what is not the one is the other.',
    mutants: [["const nothingToDo = operation.op.startsWith('unregister') && 'id' in operation && !circumstances.held(operation.op === 'unregisterServer' ? 'server' : 'transpo…", "'transport'", '""']],
  },
  {
    file: 'conformance/engine/oracle.ts',
    reason: 'For the compiler: only what is done has a value, only a refusal has a code, and nothing, or what is none, is no list, no number and no registration.',
    mutants: [
      ["const isUnheard = answer.kind === 'refused' ? answer.code === (operation.op === 'routeToServer' ? 'transport_not_found' : 'server_not_found') : answer.kind ===…", "answer.kind === 'done'", 'true'],
      ["if (answer.kind !== 'refused' || !outcome.codes.includes(answer.code)) wrong(`refused: ${outcome.codes.join(' or ')}`);", "answer.kind !== 'refused'", 'false'],
      ["const actual = answer.kind === 'done' ? (answer.value as Found | undefined) : undefined;", "answer.kind === 'done'", 'true'],
      ["if (same || (this.#closed && answer.kind === 'refused' && answer.code === 'registry_closed')) return;", "answer.kind === 'refused'", 'true'],
      ["if (answer.kind !== 'done' || !Array.isArray(answer.value)) {", "answer.kind !== 'done'", 'false'],
      ["if (answer.kind !== 'done' || !Array.isArray(answer.value)) return;", "answer.kind !== 'done'", 'false'],
      ["const seen = shown.kind === 'done' ? (shown.value as ContentionStatus) : undefined;", "shown.kind === 'done'", 'true'],
      ["return outcome.kind === 'done' ? outcome.value : undefined;", "outcome.kind === 'done'", 'true'],
      ["return answer.kind === 'done' ? answer.value : undefined;", "answer.kind === 'done'", 'true'],
      ["overcounted: (answer) => answer.kind === 'done' && typeof answer.value === 'number' && answer.value > deliveries.length,", "answer.kind === 'done' && typeof answer.value === 'number'", 'true'],
      ["overcounted: (answer) => answer.kind === 'done' && typeof answer.value === 'number' && answer.value > deliveries.length,", "answer.kind === 'done' && typeof answer.value === 'number'", "answer.kind === 'done' || typeof answer.value === 'number'"],
      ["overcounted: (answer) => answer.kind === 'done' && typeof answer.value === 'number' && answer.value > deliveries.length,", "answer.kind === 'done'", 'true'],
      ["overcounted: (answer) => answer.kind === 'done' && typeof answer.value === 'number' && answer.value > deliveries.length,", "typeof answer.value === 'number'", 'true'],
    ],
  },
  {
    file: 'conformance/engine/oracle.ts',
    reason: 'Asked of a count that is wrong only: one that is as many as there are is not.',
    mutants: [["overcounted: (answer) => answer.kind === 'done' && typeof answer.value === 'number' && answer.value > deliveries.length,", 'answer.value > deliveries.length', 'answer.value >= deliveries.length']],
  },
  {
    file: 'conformance/engine/oracle.ts',
    reason: 'Asked after a "down" only, of names that have to be held: somebody has held them.',
    mutants: [
      ["formerHolder: (namespace, id) => operation.op === 'down' && (this.#holders.get(key(namespace, id))?.has(operation.endpoint) ?? false),", 'false', 'true'],
      ["formerHolder: (namespace, id) => operation.op === 'down' && (this.#holders.get(key(namespace, id))?.has(operation.endpoint) ?? false),", "operation.op === 'down'", 'true'],
      ["formerHolder: (namespace, id) => operation.op === 'down' && (this.#holders.get(key(namespace, id))?.has(operation.endpoint) ?? false),", 'this.#holders.get(key(namespace, id))?.has', 'this.#holders.get(key(namespace, id)).has'],
    ],
  },
  {
    file: 'conformance/engine/oracle.ts',
    reason: 'What is not one of the values that are looked for is as good as any other: a text is no delivery, a difference is in a list, in a binding, or else in a name, and once closed there is no admission by hand.',
    mutants: [
      ['const forgone = reaction?.forgone ?? [];', '[]', '["Stryker was here"]'],
      ["this.#differ(circumstances, { in: 'name', namespace, id, expected: expected !== undefined, configOnly }, operation, expected, answer);", "'name'", '""'],
      ["mode: status?.mode ?? 'auto',", "'auto'", '""'],
    ],
  },
  {
    file: 'conformance/engine/oracle.ts',
    reason: 'Saves the time to wait for, and to look through, what there is none of.',
    mutants: [
      ['if (expected.length === 0 && mailbox.size === 0) return expected;', 'expected.length === 0 && mailbox.size === 0', 'false'],
      ['if (mailbox.size < expected.length) await this.rig.arrived();', 'mailbox.size < expected.length', 'true'],
      ['if (mailbox.size < expected.length) await this.rig.arrived();', 'mailbox.size < expected.length', 'mailbox.size <= expected.length'],
      ['for (let turns = 0; mailbox.size < expected.length && (turns < 50 || performance.now() < patience); turns++) await turn();', 'mailbox.size < expected.length', 'true'],
      ['for (let turns = 0; mailbox.size < expected.length && (turns < 50 || performance.now() < patience); turns++) await turn();', 'mailbox.size < expected.length', 'mailbox.size <= expected.length'],
    ],
  },
  {
    file: 'conformance/engine/oracle.ts',
    reason: 'A turn or an instant more of a patience that is a round number; and a difference of exactly a millionth.',
    mutants: [
      ['for (let turns = 0; mailbox.size < expected.length && (turns < 50 || performance.now() < patience); turns++) await turn();', 'turns < 50', 'turns <= 50'],
      ['for (let turns = 0; mailbox.size < expected.length && (turns < 50 || performance.now() < patience); turns++) await turn();', 'performance.now() < patience', 'performance.now() <= patience'],
      ['return some.length === others.length && some.every((one, i) => Math.abs(one - others[i]!) <= 1e-6 * Math.max(1, others[i]!));', 'Math.abs(one - others[i]!) <= 1e-6 * Math.max(1, others[i]!)', 'Math.abs(one - others[i]!) < 1e-6 * Math.max(1, others[i]!)'],
    ],
  },
  {
    file: 'conformance/engine/plain-answer.ts',
    reason: 'Slower, and the same: nothing is no plain object either, and a property that is defined cannot be told from one that was assigned.',
    mutants: [
      ["if (typeof value !== 'object' || value === null) return value;", 'value === null', 'false'],
      ["if (key === '__proto__') Object.defineProperty(data, key, { value: item, enumerable: true, configurable: true, writable: true });", "key === '__proto__'", 'true'],
    ],
  },
  {
    file: 'conformance/engine/reaction.ts',
    reason: 'What unbinds nobody has no transport, nobody has the name that is put in, and who unbinds has been reached by a broadcast, which reaches transports only; only what is done has a value.',
    mutants: [
      ["const unbound = new Set(operations.flatMap((operation) => (operation.op === 'unbindTransport' ? [operation.transportId] : [])));", "operation.op === 'unbindTransport'", 'true'],
      ["const unbound = new Set(operations.flatMap((operation) => (operation.op === 'unbindTransport' ? [operation.transportId] : [])));", '[]', '["Stryker was here"]'],
      ["const forgone = step.deliveries.filter(({ namespace, to }) => namespace === 'transport' && unbound.has(to));", "namespace === 'transport'", 'true'],
      ["return outcome.kind === 'done' && outcome.value === from;", "outcome.kind === 'done'", 'true'],
    ],
  },
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
    file: 'conformance/linearizability/candidates.ts',
    reason: 'What has not ended stands in no list of ends: there is nothing that would change.',
    mutants: [
      ['if (entry >= this.definite) return;', 'entry >= this.definite', 'false'],
      ['if (entry >= this.definite) return;', 'entry >= this.definite', 'entry > this.definite'],
    ],
  },
  {
    file: 'conformance/linearizability/check.ts',
    reason: 'How often others have their turn, about.',
    mutants: [
      ['if (performance.now() - began < 10) continue;', 'performance.now() - began < 10', 'false'],
      ['if (performance.now() - began < 10) continue;', 'performance.now() - began < 10', 'performance.now() - began <= 10'],
      ['if (performance.now() - began < 10) continue;', 'performance.now() - began', 'performance.now() + began'],
    ],
  },
  {
    file: 'conformance/linearizability/check.ts',
    reason: 'How long a turn is, about.',
    mutants: [
      ['for (let i = 0; i < slices && search.verdict === undefined && !purse.isEmpty; i++) {', 'i < slices', 'i <= slices'],
      ['for (let slices = 2; open.length > 0 && !purse.isEmpty; slices *= 2) {', 'slices *= 2', 'slices /= 2'],
    ],
  },
  {
    file: 'conformance/linearizability/check.ts',
    reason: 'Saves time: a part that is left out of the first round has its turn in the next.',
    mutants: [
      ['if (yield* turn(search, 1)) open.push(search);', 'yield* turn(search, 1)', 'true'],
    ],
  },
  {
    file: 'conformance/linearizability/check.ts',
    reason: 'One moment more is not too much.',
    mutants: [
      ['this.isEmpty = this.steps <= 0 || performance.now() > this.#deadline || (this.#signal?.aborted ?? false);', 'performance.now() > this.#deadline', 'performance.now() >= this.#deadline'],
    ],
  },
  {
    file: 'conformance/linearizability/check.ts',
    reason: 'What is not in the order comes before what is.',
    mutants: [
      ["const order: readonly Verdict[] = ['violated', 'unknown', 'linearizable'];", "'violated'", '""'],
    ],
  },
  {
    file: 'conformance/linearizability/configurations.ts',
    reason: 'Room for more than is needed.',
    mutants: [
      ['const most = 5 + (last - first) + 2 * (words.length - rest);', 'last - first', 'last + first'],
      ['const most = 5 + (last - first) + 2 * (words.length - rest);', 'words.length - rest', 'words.length + rest'],
    ],
  },
  {
    file: 'conformance/linearizability/configurations.ts',
    reason: 'Room is made one earlier.',
    mutants: [
      ['if (this.#used + most > this.#words.length) this.#growWords(most);', 'this.#used + most > this.#words.length', 'this.#used + most >= this.#words.length'],
    ],
  },
  {
    file: 'conformance/linearizability/configurations.ts',
    reason: 'Saves room: words in which nothing is placed are the same everywhere.',
    mutants: [
      ['if (words[i] === 0) continue;', 'words[i] === 0', 'false'],
    ],
  },
  {
    file: 'conformance/linearizability/configurations.ts',
    reason: 'The table grows one earlier.',
    mutants: [
      ['if (++this.#count * 2 > table.length) this.#growTable();', '++this.#count * 2 > table.length', '++this.#count * 2 >= table.length'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'Only as many states are shown as there are entries.',
    mutants: [
      ['readonly #bestStates: number[] = [];', '[]', '["Stryker was here"]'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'Room for more than is needed.',
    mutants: [
      ['this.#bits = new Int32Array(this.#rest + ((count - ended.length + 31) >>> 5));', 'count - ended.length', 'count + ended.length'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'What is right has nothing missing: it is longer than all before it. Of those that are as long, any may be shown.',
    mutants: [
      ["if (this.verdict === 'linearizable' || this.#missing < this.#bestMissing) this.#remember();", "this.verdict === 'linearizable'", 'false'],
      ["if (this.verdict === 'linearizable' || this.#missing < this.#bestMissing) this.#remember();", "'linearizable'", '""'],
      ["if (this.verdict === 'linearizable' || this.#missing < this.#bestMissing) this.#remember();", 'this.#missing < this.#bestMissing', 'this.#missing <= this.#bestMissing'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'Saves time: what may follow is begun with anew.',
    mutants: [
      ['if (this.#at < 0) this.#enter();', 'this.#at < 0', 'this.#at <= 0'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'How long a slice is, about.',
    mutants: [
      ['if (this.steps >= lastStep || --work < 0 || states.asked > lastAsked) return undefined;', '--work < 0', '--work <= 0'],
      ['if (this.steps >= lastStep || --work < 0 || states.asked > lastAsked) return undefined;', 'states.asked > lastAsked', 'states.asked >= lastAsked'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'The first entry has not ended only if none has: then nothing is left to be placed.',
    mutants: [
      ['if (outcome === this.#state || (twin >= 0 && (this.#bits[this.#wordOf(twin)]! & this.#bitOf(twin)) === 0)) return false;', 'twin >= 0', 'twin > 0'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'Before the first there is none, and so none that was lost.',
    mutants: [
      ['const skipsLost = depth > 0 && this.#placed[depth - 1]! >= this.#definite;', 'depth > 0', 'true'],
      ['const skipsLost = depth > 0 && this.#placed[depth - 1]! >= this.#definite;', 'depth > 0', 'depth >= 0'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'Of those that are as long, any may be shown.',
    mutants: [
      ['if (this.#missing < this.#bestMissing) this.#remember();', 'this.#missing < this.#bestMissing', 'this.#missing <= this.#bestMissing'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'Before the first there is none: it leads to nothing.',
    mutants: [
      ['while (this.#depth > 0) {', 'this.#depth > 0', 'this.#depth >= 0'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'Of what has not ended it is not known that it only looks.',
    mutants: [
      ['if (entry < this.#definite && this.#isRead[entry] === 1) continue;', 'entry < this.#definite', 'true'],
      ['if (entry < this.#definite && this.#isRead[entry] === 1) continue;', 'entry < this.#definite', 'entry <= this.#definite'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'What is the same stays the same.',
    mutants: [
      ['if (this.#depth < this.#shared) this.#shared = this.#depth;', 'this.#depth < this.#shared', 'this.#depth <= this.#shared'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'Saves time and room: words that are full may be kept whole, and after the last that is placed no word is full.',
    mutants: [
      ['while (this.#first < this.#last && this.#bits[this.#first] === -1) this.#first++;', 'this.#first < this.#last && this.#bits[this.#first] === -1', 'false'],
      ['while (this.#first < this.#last && this.#bits[this.#first] === -1) this.#first++;', 'this.#first < this.#last', 'true'],
      ['while (this.#first < this.#last && this.#bits[this.#first] === -1) this.#first++;', 'this.#first < this.#last', 'this.#first <= this.#last'],
      ['while (this.#first < this.#last && this.#bits[this.#first] === -1) this.#first++;', 'this.#first < this.#last', 'this.#first >= this.#last'],
      ['while (this.#first < this.#last && this.#bits[this.#first] === -1) this.#first++;', 'this.#first++', 'this.#first--'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'One more is cut off again.',
    mutants: [
      ['for (let i = this.#shared; i < this.#depth; i++) {', 'i < this.#depth', 'i <= this.#depth'],
    ],
  },
  {
    file: 'conformance/linearizability/search.ts',
    reason: 'Thirty-two entries in a row have each a bit of its own, from wherever they are counted.',
    mutants: [
      ['return 1 << ((entry < this.#definite ? entry : entry - this.#definite) & 31);', 'entry < this.#definite', 'true'],
      ['return 1 << ((entry < this.#definite ? entry : entry - this.#definite) & 31);', 'entry < this.#definite', 'false'],
      ['return 1 << ((entry < this.#definite ? entry : entry - this.#definite) & 31);', 'entry < this.#definite', 'entry <= this.#definite'],
      ['return 1 << ((entry < this.#definite ? entry : entry - this.#definite) & 31);', 'entry < this.#definite', 'entry >= this.#definite'],
      ['return 1 << ((entry < this.#definite ? entry : entry - this.#definite) & 31);', 'entry - this.#definite', 'entry + this.#definite'],
    ],
  },
  {
    file: 'conformance/linearizability/states.ts',
    reason: 'Saves room: what leads to the same states may have several numbers.',
    mutants: [
      ['if (step === undefined) {', 'step === undefined', 'true'],
    ],
  },
  {
    file: 'conformance/linearizability/states.ts',
    reason: 'The first of the list has no number.',
    mutants: [
      ['readonly #choices: number[][] = [];', '[]', '["Stryker was here"]'],
    ],
  },
  {
    file: 'conformance/linearizability/states.ts',
    reason: 'Who has no state to choose from does not choose.',
    mutants: [
      ['return step > none ? step : this.#choices[several - step]![which]!;', 'step > none', 'step >= none'],
    ],
  },
  {
    file: 'conformance/linearizability/states.ts',
    reason: 'Saves time: several that are one are one.',
    mutants: [
      ['const step = next.length === 0 ? none : next.length === 1 ? this.number(next[0]!) : this.#several(next);', 'next.length === 1', 'false'],
    ],
  },
  {
    file: 'conformance/linearizability/states.ts',
    reason: 'Saves time, or room: how large the table is says only how often the model is asked.',
    mutants: [
      ['if (this.asked > this.#table.length && this.#table.length < mostWords) this.#grow();', 'this.asked > this.#table.length', 'this.asked >= this.#table.length'],
      ['if (this.asked > this.#table.length && this.#table.length < mostWords) this.#grow();', 'this.#table.length < mostWords', 'true'],
      ['if (this.asked > this.#table.length && this.#table.length < mostWords) this.#grow();', 'this.#table.length < mostWords', 'this.#table.length <= mostWords'],
    ],
  },
  {
    file: 'conformance/linearizability/states.ts',
    reason: 'Saves time: what is forgotten is asked for again.',
    mutants: [
      ['for (let at = 0; at < old.length; at += 4) if (old[at] !== 0) insert(this.#table, old[at + 1]!, old[at]! - 1, old[at + 2]!);', 'old[at] !== 0', 'true'],
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
    file: 'conformance/linearizability/file.ts',
    reason: 'JSON has no infinity: it writes null.',
    mutants: [['const line = Buffer.from(`${JSON.stringify({ ...entry, end: entry.end === Infinity ? null : entry.end })}\\n`);', 'entry.end === Infinity', 'false']],
  },
  {
    file: 'conformance/linearizability/file.ts',
    reason: 'What could not be read is undefined, which is no entry.',
    mutants: [['} catch {', '{ return undefined; }', '{}']],
  },
  {
    file: 'conformance/linearizability/file.ts',
    reason: 'A last line with nothing in it, or nonsense, has not been ended, and is passed over.',
    mutants: [
      ["if (rest !== '') yield { line: rest, ended: false };", "rest !== ''", 'true'],
      ["if (rest !== '') yield { line: rest, ended: false };", "''", '"Stryker was here!"'],
    ],
  },
  {
    file: 'conformance/linearizability/registers.ts',
    reason: 'Of two that end, or start, at the same time either may be shown.',
    mutants: [
      ['if (this.firstToEnd === undefined || entry.end < this.firstToEnd.end) this.firstToEnd = entry;', 'entry.end < this.firstToEnd.end', 'entry.end <= this.firstToEnd.end'],
      ['if (this.lastToStart === undefined || entry.start > this.lastToStart.start) this.lastToStart = entry;', 'entry.start > this.lastToStart.start', 'entry.start >= this.lastToStart.start'],
    ],
  },
  {
    file: 'conformance/linearizability/registers.ts',
    reason: 'A zone that is one moment lies within another, or does not, whether it is called forward or backward.',
    mutants: [['return this.firstEnd < this.lastStart;', 'this.firstEnd < this.lastStart', 'this.firstEnd <= this.lastStart']],
  },
  {
    file: 'conformance/linearizability/registers.ts',
    reason: 'Saves time: a contradiction is one of few operations.',
    mutants: [['isRead: (invocation) => view.isRead(invocation),', '(invocation) => view.isRead(invocation)', '() => undefined']],
  },
  {
    file: 'conformance/linearizability/registers.ts',
    reason: 'What begins where a zone ends does not lie within it: it ends no sooner, and that is asked as well.',
    mutants: [['return last !== undefined && lastStart < last.lastStart ? last : undefined;', 'lastStart < last.lastStart', 'lastStart <= last.lastStart']],
  },
  {
    file: 'conformance/linearizability/shrink.ts',
    reason: 'Where something cannot be judged in time, and nowhere else.',
    mutants: [['if (!isExplained(rest)) return rest;', '!isExplained(rest)', 'false']],
  },
  {
    file: 'conformance/linearizability/shrink.ts',
    reason: 'Saves time: what is known to have ended stays in any case.',
    mutants: [['const explaining = leastOf(rest.filter((entry) => !isDefinite(entry)), (kept) => isExplained(rest.filter((entry) => isDefinite(entry) || kept.has(entry))));', 'rest.filter((entry) => !isDefinite(entry))', 'rest']],
  },
  {
    file: 'conformance/linearizability/shrink.ts',
    reason: 'The empty slice after the last leaves nothing out.',
    mutants: [['for (let at = 0; at < all.length; at += size) {', 'at < all.length', 'at <= all.length']],
  },
  {
    file: 'conformance/linearizability/shrink.ts',
    reason: 'Saves time: what started after the fault explains nothing of it, and goes in the last step.',
    mutants: [
      ['const until = (time: number): History<I, O> => history.filter(({ start }) => start <= time).map((entry) => (entry.end <= time ? entry : weakened(entry)));', 'history.filter(({ start }) => start <= time)', 'history'],
      ['const until = (time: number): History<I, O> => history.filter(({ start }) => start <= time).map((entry) => (entry.end <= time ? entry : weakened(entry)));', 'start <= time', 'true'],
    ],
  },
  {
    file: 'conformance/engine/registry-objects.ts',
    reason: 'For the compiler: where there is a binding there is a name.',
    mutants: [
      ['if (name === undefined && binding === undefined && endpoint === undefined) return 0;', 'binding === undefined', 'true'],
    ],
  },
  {
    file: 'conformance/engine/registry-objects.ts',
    reason: 'What is undefined is as good as missing.',
    mutants: [
      ['number = held.push({ refersTo, ...(name && { name }), ...(binding && { binding }), ...(endpoint !== undefined && { endpoint }) }) - 1;', 'endpoint !== undefined', 'true'],
    ],
  },
  {
    file: 'conformance/engine/registry-objects.ts',
    reason: 'Saves time: what a string means stays the same.',
    mutants: [
      ['if (subject === undefined) {', 'subject === undefined', 'true'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'What is no way leads nowhere: it names no call.',
    mutants: [
      ['readonly #settled: Way[] = [];', '[]', '["Stryker was here"]'],
      ['if (a === undefined || b === undefined) return a ?? b;', 'b === undefined', 'false'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'How long a slice is, about.',
    mutants: [
      ['while (this.verdict === undefined && this.steps < last) this.#next();', 'this.steps < last', 'this.steps <= last'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: what is open alone needs no search.',
    mutants: [
      ['if (more.length === 0 && island.open.length === 1) {', 'more.length === 0 && island.open.length === 1', 'false'],
      ['if (more.length === 0 && island.open.length === 1) {', '{ // Nothing else is open, and nothing uncertain. const world = only!.placed.length > 0 ? only : this.#place(island, only!, call); if (world === undefined) thi…', '{}'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves room: what has ended is placed in all worlds that are left.',
    mutants: [
      ['after.push({ ...world, placed: world.placed.filter((number) => number !== call.number) });', 'number !== call.number', 'true'],
      ['after.push({ ...world, placed: world.placed.filter((number) => number !== call.number) });', 'world.placed.filter((number) => number !== call.number)', 'world.placed'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'One more is not too much.',
    mutants: [
      ['if (island.worlds.length > mostWorlds) throw new MemoryFull();', 'island.worlds.length > mostWorlds', 'island.worlds.length >= mostWorlds'],
      ['if (this.steps > this.#lastStep) throw new MemoryFull();', 'this.steps > this.#lastStep', 'this.steps >= this.#lastStep'],
      ['if (worlds.length * island.worlds.length > mostWorlds) throw new MemoryFull();', 'worlds.length * island.worlds.length > mostWorlds', 'worlds.length * island.worlds.length >= mostWorlds'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'It would be given up a little later, for the steps that it takes.',
    mutants: [
      ['if (island.worlds.length > mostWorlds) throw new MemoryFull();', 'island.worlds.length > mostWorlds', 'false'],
      ['if (worlds.length * island.worlds.length > mostWorlds) throw new MemoryFull();', 'worlds.length * island.worlds.length > mostWorlds', 'false'],
      ['if (worlds.length * island.worlds.length > mostWorlds) throw new MemoryFull();', 'worlds.length * island.worlds.length', 'worlds.length / island.worlds.length'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: what is placed without need leads to worlds that others lead to as well.',
    mutants: [
      ['const needed = added.length === 0 ? added : connected(call, added);', 'added.length === 0', 'false'],
      ['return needed.length === added.length || added.every((other) => other.isRead || needed.includes(other));', 'needed.length === added.length || added.every((other) => other.isRead || needed.includes(other))', 'needed.length === added.length && added.every(other => other.isRead || needed.includes(other))'],
      ['return needed.length === added.length || added.every((other) => other.isRead || needed.includes(other));', 'needed.length === added.length', 'false'],
      ['return needed.length === added.length || added.every((other) => other.isRead || needed.includes(other));', 'added.every((other) => other.isRead || needed.includes(other))', 'added.some(other => other.isRead || needed.includes(other))'],
      ['else if (needsAll(complete)) keep(complete);', 'needsAll(complete)', 'true'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'A read that has come to be placed is tied to what made it possible, and so is needed with it.',
    mutants: [
      ['return needed.length === added.length || added.every((other) => other.isRead || needed.includes(other));', '(other) => other.isRead || needed.includes(other)', '() => undefined'],
      ['return needed.length === added.length || added.every((other) => other.isRead || needed.includes(other));', 'other.isRead || needed.includes(other)', 'false'],
      ['return needed.length === added.length || added.every((other) => other.isRead || needed.includes(other));', 'other.isRead || needed.includes(other)', 'other.isRead && needed.includes(other)'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: what has not changed is left as it is, one by one.',
    mutants: [
      ['if (after !== before) {', 'after !== before', 'true'],
      ['if (after[i] === before[i]) continue;', 'after[i] === before[i]', 'false'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: an island is made anew as it was.',
    mutants: [
      ['if (islands.length === 1 && free.length === 0) return islands[0]!;', 'islands.length === 1 && free.length === 0', 'false'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: it comes to the same by parts.',
    mutants: [
      ['if (open.length === 0 && worlds.length === 1) {', 'open.length === 0 && worlds.length === 1', 'false'],
      ['if (open.length === 0 && worlds.length === 1) {', '{ this.#leave(island.objects, worlds[0]!); return; }', '{}'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'What is no call has no number.',
    mutants: [
      ['const rest: { objects: number[]; open: Call<I, O>[] } = { objects: [], open: [] };', '[]', '["Stryker was here"]'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: a world is the same as itself.',
    mutants: [
      ['if (worlds.every((world) => world === worlds[0] || isSame(projected(world), first))) {', 'world === worlds[0]', 'false'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: an island with one world says as much as objects that are known.',
    mutants: [
      ['if (open.length > 0) this.#settle(objects, open, [world]);', 'open.length > 0', 'true'],
      ['if (open.length > 0) this.#settle(objects, open, [world]);', 'open.length > 0', 'open.length >= 0'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: an island from which nothing goes is made anew.',
    mutants: [
      ['if (certain.length === 0) return;', 'certain.length === 0', 'false'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves room: of what has gone all worlds say the same.',
    mutants: [
      ['this.#settle(rest.objects, open.filter((call) => numbers.has(call.number)), worlds.map(({ values, placed, way }) => ({ values: positions.map((at) => values[at]…', 'placed.filter((number) => numbers.has(number))', 'placed'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'After the last object there is none.',
    mutants: [
      ['for (let i = 0; i < objects.length; i++) {', 'i < objects.length', 'i <= objects.length'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'A set holds nothing twice.',
    mutants: [
      ['if (all.has(other)) continue;', 'all.has(other)', 'false'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: what is tied together without need is only judged together.',
    mutants: [
      ['if (this.#mayReferTo(other, this.#names[object]!)) all.add(other);', 'this.#mayReferTo(other, this.#names[object]!)', 'true'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: one world is the least.',
    mutants: [
      ['if (worlds.length === 1) return worlds;', 'worlds.length === 1', 'false'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Worlds that are alike differ in operations that were lost, and in no others.',
    mutants: [
      ['const countOf = ({ placed }: World): number => placed.filter(this.#isLost).length;', 'placed.filter(this.#isLost)', 'placed'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Which way is shown is of no account: what is missing is placed afterwards.',
    mutants: [
      ['const way = island?.worlds.reduce((most, world) => (world.placed.length > most.placed.length ? world : most)).way;', 'world.placed.length > most.placed.length', 'true'],
      ['const way = island?.worlds.reduce((most, world) => (world.placed.length > most.placed.length ? world : most)).way;', 'world.placed.length > most.placed.length', 'false'],
      ['const way = island?.worlds.reduce((most, world) => (world.placed.length > most.placed.length ? world : most)).way;', 'world.placed.length > most.placed.length', 'world.placed.length >= most.placed.length'],
      ['const way = island?.worlds.reduce((most, world) => (world.placed.length > most.placed.length ? world : most)).way;', 'world.placed.length > most.placed.length', 'world.placed.length <= most.placed.length'],
    ],
  },
  {
    file: 'conformance/linearizability/worlds.ts',
    reason: 'Saves time: nothing is left that could be placed.',
    mutants: [
      ["if (this.verdict === 'linearizable') return order;", "this.verdict === 'linearizable'", 'false'],
      ["if (this.verdict === 'linearizable') return order;", "'linearizable'", '""'],
    ],
  },
  {
    file: 'model/compile.ts',
    reason: 'For the compiler: nothing but a text is the name of a code.',
    mutants: [["const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errors, code);", "typeof code === 'string'", 'true']],
  },
  {
    file: 'model/contention.ts',
    reason: 'Saves memory: of a partition in which nothing has changed there is one copy.',
    mutants: [['return alarm === partition.alarm && window === partition.window ? partition : { ...partition, alarm, window };', 'alarm === partition.alarm && window === partition.window', 'false']],
  },
  {
    file: 'model/id.ts',
    reason: 'Saves the time to count the code points of what is too long, or short enough, whatever they are.',
    mutants: [
      ['if (value.length > 2 * maxIdLength) return false;', 'value.length > 2 * maxIdLength', 'false'],
      ['if (value.length > maxIdLength && [...value].length > maxIdLength) return false;', 'value.length > maxIdLength', 'true'],
      ['if (value.length > maxIdLength && [...value].length > maxIdLength) return false;', 'value.length > maxIdLength', 'value.length >= maxIdLength'],
    ],
  },
  typesOf('admission', 'AdmissionEvent', 'closed'),
  typesOf('alarm', 'AlarmEvent', 'alarm'),
  typesOf('binding', 'BindingEvent', 'bound'),
  typesOf('endpoint', 'EndpointEvent', 'down'),
  typesOf('lifecycle', 'LifecycleEvent', 'closed'),
  typesOf('registration', 'RegistrationEvent', 'registered'),
  {
    file: 'model/machines/admission.ts',
    reason: 'For the compiler: a guard is asked of the event only at which it stands, and of a mode that is neither of the two asked for before, which is `auto`.',
    mutants: [
      ["majority: ({ event }) => event.type === 'ALARMS' && event.majority,", "event.type === 'ALARMS'", 'true'],
      ["noMajority: ({ event }) => event.type === 'ALARMS' && !event.majority,", "event.type === 'ALARMS'", 'true'],
      ["setOpen: ({ event }) => event.type === 'SET' && event.mode === 'open',", "event.type === 'SET'", 'true'],
      ["setClosed: ({ event }) => event.type === 'SET' && event.mode === 'closed',", "event.type === 'SET'", 'true'],
      ["setAutoAndMajority: ({ event }) => event.type === 'SET' && event.mode === 'auto' && event.majority,", "event.type === 'SET' && event.mode === 'auto'", 'true'],
      ["setAutoAndMajority: ({ event }) => event.type === 'SET' && event.mode === 'auto' && event.majority,", "event.type === 'SET' && event.mode === 'auto'", "event.type === 'SET' || event.mode === 'auto'"],
      ["setAutoAndMajority: ({ event }) => event.type === 'SET' && event.mode === 'auto' && event.majority,", "event.type === 'SET'", 'true'],
      ["setAutoAndMajority: ({ event }) => event.type === 'SET' && event.mode === 'auto' && event.majority,", "event.mode === 'auto'", 'true'],
    ],
  },
  {
    file: 'model/machines/admission.ts',
    reason: 'Only the names of actions are read: what they do here is nothing.',
    mutants: [['actions: {', '{ refuse: (_, _params: { code: ErrorCode }) => {}, }', '{}']],
  },
  {
    file: 'model/machines/binding.ts',
    reason: 'For the compiler: a guard is asked of the event only at which it stands.',
    mutants: [
      ["serverMissing: ({ event }) => event.type === 'BIND' && !event.server,", "event.type === 'BIND'", 'true'],
      ["transportMissing: ({ event }) => event.type === 'BIND' && !event.transport,", "event.type === 'BIND'", 'true'],
      ["serverRegistered: ({ event }) => event.type === 'AUTO_BIND' && event.server,", "event.type === 'AUTO_BIND'", 'true'],
      ["ownServer: ({ event }) => event.type === 'SERVER_GONE' && event.own,", "event.type === 'SERVER_GONE'", 'true'],
    ],
  },
  {
    file: 'model/machines/binding.ts',
    reason: 'Only the names of actions are read: what they do here is nothing.',
    mutants: [['actions: {', '{ refuse: (_, _params: { code: ErrorCode }) => {}, /** The transport is bound to the server asked for, and to no other. */ bind: () => {}, unbind: () => {}, }', '{}']],
  },
  {
    file: 'model/machines/endpoint.ts',
    reason: 'Only the names of actions are read: what they do here is nothing, and types are of no account when it runs.',
    mutants: [
      ['export const endpointMachine = setup({', "{ types: { events: {} as EndpointEvent, tags: {} as 'down' }, actions: { refuse: (_, _params: { code: ErrorCode }) => {}, /** Every name of this endpoint, in b…", '{}'],
      ['actions: {', '{ refuse: (_, _params: { code: ErrorCode }) => {}, /** Every name of this endpoint, in both namespaces, hears that it went down. */ releaseNames: () => {}, }', '{}'],
    ],
  },
  {
    file: 'model/machines/lifecycle.ts',
    reason: 'Only the names of actions are read: what they do here is nothing, and types are of no account when it runs.',
    mutants: [
      ['export const lifecycleMachine = setup({', "{ types: { events: {} as LifecycleEvent, tags: {} as 'closed' }, actions: { refuse: (_, _params: { code: ErrorCode }) => {}, /** All names and bindings go. */ …", '{}'],
      ['actions: {', '{ refuse: (_, _params: { code: ErrorCode }) => {}, /** All names and bindings go. */ forgetNames: () => {}, }', '{}'],
    ],
  },
  {
    file: 'model/machines/registration.ts',
    reason: 'For the compiler: a guard is asked of the event only at which it stands.',
    mutants: [["ofHolder: ({ event }) => event.type === 'DOWN' && event.ofHolder,", "event.type === 'DOWN'", 'true']],
  },
  {
    file: 'model/machines/registration.ts',
    reason: 'Only the names of actions are read: what they do here is nothing.',
    mutants: [['actions: {', '{ refuse: (_, _params: { code: ErrorCode }) => {}, /** The name now stands for the endpoint and keeps its own copy of the configuration. */ hold: () => {}, /**…', '{}']],
  },
  {
    file: 'model/names.ts',
    reason: 'What is refused does not get here, and what is not refused holds, or replaces the configuration of what is held; under what is no text nothing is registered.',
    mutants: [
      ["if (!move.does.has('hold')) return state;", "!move.does.has('hold')", 'false'],
      ["if (namespace === 'server' || typeof serverId !== 'string') return registered;", "typeof serverId !== 'string'", 'false'],
      ["if (held === undefined || !move.does.has('replaceConfig')) return state;", "held === undefined || !move.does.has('replaceConfig')", 'false'],
      ["if (held === undefined || !move.does.has('replaceConfig')) return state;", "held === undefined || !move.does.has('replaceConfig')", "held === undefined && !move.does.has('replaceConfig')"],
      ["if (held === undefined || !move.does.has('replaceConfig')) return state;", 'held === undefined', 'false'],
    ],
  },
  {
    file: 'model/registry.ts',
    reason: 'What has not been committed at any time has left the window by the next moment.',
    mutants: [['settle({ ...state, partitions: state.partitions.map((partition) => ({ ...partition, writeCount: 0, window: [] })) }, thresholds);', '[]', '["Stryker was here"]']],
  },
  {
    file: 'model/registry.ts',
    reason: 'An event that there is not is, by how events are numbered, one that says that nothing is alarmed: that leaves a new registry as it is.',
    mutants: [["const { partitions = partitionLimits.default, partitionOf = () => 0, admission: mode = 'auto' } = options;", "'auto'", '""']],
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
    file: 'src/lane.ts',
    reason: 'Saves time: what the store is known to have done is read again.',
    mutants: [
      ['if (write.background && error !== undefined && !this.#doubts.has(keyOf(operation))) this.#doubts.set(keyOf(operation), { entry: operation.entry! });', 'error !== undefined', 'true'],
    ],
  },
  {
    file: 'src/registry.ts',
    reason: 'Saves time: the default store forgets what it does not hold.',
    mutants: [
      ['if (settings.store === memoryStore) return; // It keeps nothing that it would have to forget.', 'settings.store === memoryStore', 'false'],
    ],
  },
  {
    file: 'src/sampling.ts',
    reason: 'Saves time: the way for short ids leads to the same hash.',
    mutants: [
      ['if (length < sampling[0]!) return sampling[0] === all ? sampleAll(id, hash, sampling) : sampleShort(id, hash, sampling);', 'length < sampling[0]!', 'true'],
      ['if (length < sampling[0]!) return sampling[0] === all ? sampleAll(id, hash, sampling) : sampleShort(id, hash, sampling);', 'length < sampling[0]!', 'length <= sampling[0]!'],
    ],
  },
  {
    file: 'src/sampling.ts',
    reason: 'Saves time: after the last place there is none, and nothing counts for nothing.',
    mutants: [
      ['if (sampling.length > 1) {', 'sampling.length > 1', 'true'],
      ['if (sampling.length > 1) {', 'sampling.length > 1', 'sampling.length >= 1'],
      ['if (sampling.length > 5) {', 'sampling.length > 5', 'true'],
      ['if (sampling.length > 5) {', 'sampling.length > 5', 'sampling.length >= 5'],
      ['if (sampling.length > 9) {', 'sampling.length > 9', 'true'],
      ['if (sampling.length > 9) {', 'sampling.length > 9', 'sampling.length >= 9'],
      ['if (sampling.length > 13) sum = (sum + term(id, length, sampling, 13) + term(id, length, sampling, 15)) | 0;', 'sampling.length > 13', 'true'],
      ['if (sampling.length > 13) sum = (sum + term(id, length, sampling, 13) + term(id, length, sampling, 15)) | 0;', 'sampling.length > 13', 'sampling.length >= 13'],
    ],
  },
  {
    file: 'src/sampling.ts',
    reason: 'After the last place there is none, and nothing counts for nothing.',
    mutants: [
      ['for (let i = 1; i < sampling.length; i += 2) {', 'i < sampling.length', 'i <= sampling.length'],
    ],
  },
  {
    file: 'src/sampling.ts',
    reason: 'A place that an id has not counts for nothing: it has no unit there.',
    mutants: [
      ['if (at < 0 ? length + at >= 0 : at < length) sum = (sum + term(id, length, sampling, i)) | 0;', 'at < 0 ? length + at >= 0 : at < length', 'true'],
      ['if (at < 0 ? length + at >= 0 : at < length) sum = (sum + term(id, length, sampling, i)) | 0;', 'at < 0', 'true'],
      ['if (at < 0 ? length + at >= 0 : at < length) sum = (sum + term(id, length, sampling, i)) | 0;', 'at < 0', 'false'],
      ['if (at < 0 ? length + at >= 0 : at < length) sum = (sum + term(id, length, sampling, i)) | 0;', 'at < 0', 'at <= 0'],
      ['if (at < 0 ? length + at >= 0 : at < length) sum = (sum + term(id, length, sampling, i)) | 0;', 'at < 0', 'at >= 0'],
      ['if (at < 0 ? length + at >= 0 : at < length) sum = (sum + term(id, length, sampling, i)) | 0;', 'length + at >= 0', 'true'],
      ['if (at < 0 ? length + at >= 0 : at < length) sum = (sum + term(id, length, sampling, i)) | 0;', 'length + at', 'length - at'],
      ['if (at < 0 ? length + at >= 0 : at < length) sum = (sum + term(id, length, sampling, i)) | 0;', 'at < length', 'true'],
      ['if (at < 0 ? length + at >= 0 : at < length) sum = (sum + term(id, length, sampling, i)) | 0;', 'at < length', 'at <= length'],
      ['return Int32Array.of(Math.max(...terms.map(([at]) => (at < 0 ? -at : at + 1))), ...terms.flat());', 'at < 0', 'at <= 0'],
    ],
  },
  {
    file: 'src/sampling.ts',
    reason: 'Before the first unit there is none, which is not equal to itself.',
    mutants: [
      ['while (at >= 0 && one.charCodeAt(at) === other.charCodeAt(at)) at--;', 'at >= 0', 'true'],
    ],
  },
  {
    file: 'src/sampling.ts',
    reason: 'What is longer is no id, and has no value.',
    mutants: [
      ['const length = Math.min(id.length, maxUnits); // What is longer is no id.', 'Math.min(id.length, maxUnits)', 'Math.max(id.length, maxUnits)'],
    ],
  },
  {
    file: 'src/sampling.ts',
    reason: 'Saves time: the rest is read one by one.',
    mutants: [
      ['for (; i + 3 < length; i += 4) sum = (sum + product(i) + product(i + 1) + product(i + 2) + product(i + 3)) | 0;', 'i + 3 < length', 'false'],
      ['for (; i + 3 < length; i += 4) sum = (sum + product(i) + product(i + 1) + product(i + 2) + product(i + 3)) | 0;', 'i + 3 < length', 'i + 3 <= length'],
      ['for (; i + 3 < length; i += 4) sum = (sum + product(i) + product(i + 1) + product(i + 2) + product(i + 3)) | 0;', 'i + 3', 'i - 3'],
    ],
  },
  {
    file: 'src/sampling.ts',
    reason: 'After the last unit there is none, and nothing counts for nothing.',
    mutants: [
      ['for (; i < length; i++) sum = (sum + product(i)) | 0;', 'i < length', 'i <= length'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'Saves time: hashes that are known are made again.',
    mutants: [
      ['const crowded = this.#sampling !== this.places;', 'this.#sampling !== this.places', 'true'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'Saves time: room is made again and again.',
    mutants: [
      ['if (part.size === part.#hashes.length) part.#reserve();', 'part.size === part.#hashes.length', 'true'],
      ['if (this.size === this.#hashes.length) this.#reserve();', 'this.size === this.#hashes.length', 'true'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'Saves room.',
    mutants: [
      ['while (slots < 2 * part.size) slots *= 2;', 'slots < 2 * part.size', 'slots <= 2 * part.size'],
      ['if (8 * this.size < index.length && index.length > minSlots) {', '8 * this.size < index.length && index.length > minSlots', 'false'],
      ['if (8 * this.size < index.length && index.length > minSlots) {', '8 * this.size < index.length', '8 * this.size <= index.length'],
      ['if (8 * this.size < index.length && index.length > minSlots) {', 'index.length > minSlots', 'index.length >= minSlots'],
      ['if (8 * this.size < index.length && index.length > minSlots) {', '{ this.#resize(index.length / 2); this.#reserve(); }', '{}'],
      ['const room = size - (size % step) + step;', 'size - (size % step)', 'size + size % step'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'There is no such cell: each entry has three, and this is its second.',
    mutants: [
      ['for (let cell = 1; cell < width * this.size; cell += width) all.push(this.#cells[cell] as S);', 'cell < width * this.size', 'cell <= width * this.size'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'Saves time: room that is missing is made when it is needed.',
    mutants: [
      ['#cells: (string | S | T | undefined)[] = new Array<undefined>(width * minRoom).fill(undefined);', 'new Array<undefined>(width * minRoom)', 'new Array()'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'Saves time: an id that looks otherwise is compared as well.',
    mutants: [
      ['if (((word ^ mixed) & ~mask) !== 0) continue;', '((word ^ mixed) & ~mask) !== 0', 'false'],
      ['if (this.#hashes[position] !== raw || this.#idAt(position) !== id) continue;', 'this.#hashes[position] !== raw', 'false'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'One more has room, too.',
    mutants: [
      ['if (2 * this.size >= this.#index.length) this.#resize(2 * this.#index.length);', '2 * this.size >= this.#index.length', '2 * this.size > this.#index.length'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'How soon one place more is sampled, about.',
    mutants: [
      ['if (twins > maxTwins || (twins > 0 && this.#patience < 0)) this.#distinguish(id, twin, twins);', 'twins > maxTwins', 'false'],
      ['if (twins > maxTwins || (twins > 0 && this.#patience < 0)) this.#distinguish(id, twin, twins);', 'twins > 0', 'true'],
      ['if (twins > maxTwins || (twins > 0 && this.#patience < 0)) this.#distinguish(id, twin, twins);', 'this.#patience < 0', 'this.#patience <= 0'],
      ['if (twins > maxTwins || (twins > 0 && this.#patience < 0)) this.#distinguish(id, twin, twins);', 'twins > 0', 'twins >= 0'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'For the collector of garbage, whom no test asks: an entry that has gone is held until another takes its place.',
    mutants: [
      ['for (let i = 0; i < width; i++) cells[width * end + i] = undefined;', 'i < width', 'false'],
      ['for (let i = 0; i < width; i++) cells[width * end + i] = undefined;', 'i < width', 'i <= width'],
      ['for (let i = 0; i < width; i++) cells[width * end + i] = undefined;', 'i < width', 'i >= width'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'Of ids that are read whole no two look the same but by chance.',
    mutants: [
      ['if (this.#sampling !== this.places) return; // By chance, then: all is read already.', 'this.#sampling !== this.places', 'false'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'How soon all units are read, about.',
    mutants: [
      ['else if (twins > maxTwins) this.#resample(sampleOfAll(this.random));', 'twins > maxTwins', 'true'],
      ['else if (twins > maxTwins) this.#resample(sampleOfAll(this.random));', 'twins > maxTwins', 'twins >= maxTwins'],
    ],
  },
  {
    file: 'src/segment.ts',
    reason: 'Saves time, or room: what is missing is made when it is needed.',
    mutants: [
      ['this.#cells = this.#cells.concat(new Array<undefined>(width * (room - size)).fill(undefined));', 'new Array<undefined>(width * (room - size))', 'new Array()'],
      ['this.#cells = this.#cells.concat(new Array<undefined>(width * (room - size)).fill(undefined));', 'room - size', 'room + size'],
    ],
  },
  {
    file: 'src/table.ts',
    reason: 'Nobody is to know what comes of it, tests neither.',
    mutants: [
      ['const randomInt: RandomInt = () => (Math.random() * 2 ** 32) | 0;', 'Math.random() * 2 ** 32', 'Math.random() / 2 ** 32'],
      ['const randomInt: RandomInt = () => (Math.random() * 2 ** 32) | 0;', '() => (Math.random() * 2 ** 32) | 0', '() => undefined'],
    ],
  },
  {
    file: 'src/table.ts',
    reason: 'Saves time: the way through the only part leads to the same.',
    mutants: [
      ['if (this.#whole !== undefined) return this.#whole.find(id, id.length);', 'this.#whole !== undefined', 'false'],
    ],
  },
  {
    file: 'src/table.ts',
    reason: 'Saves time: in how many parts ids are nobody can see.',
    mutants: [
      ['if (part === this.#whole && part.size > this.#maxWhole) this.#split(part);', 'part === this.#whole && part.size > this.#maxWhole', 'false'],
      ['if (part === this.#whole && part.size > this.#maxWhole) this.#split(part);', 'part === this.#whole', 'part !== this.#whole'],
      ['if (part === this.#whole && part.size > this.#maxWhole) this.#split(part);', 'part.size > this.#maxWhole', 'true'],
      ['if (part === this.#whole && part.size > this.#maxWhole) this.#split(part);', 'part.size > this.#maxWhole', 'part.size >= this.#maxWhole'],
      ['if (part === this.#whole && part.size > this.#maxWhole) this.#split(part);', 'part.size > this.#maxWhole', 'part.size <= this.#maxWhole'],
    ],
  },
  {
    file: 'src/table.ts',
    reason: 'Only tests ask for it, and those of a segment ask more closely.',
    mutants: [
      ['return Math.max(...this.#parts.map(({ longestProbe }) => longestProbe));', 'Math.max(...this.#parts.map(({ longestProbe }) => longestProbe))', 'Math.min(...this.#parts.map(({ longestProbe }) => longestProbe))'],
    ],
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
