import type { Operation } from '../../model/index.js';
import type { Adapter, Subject } from '../contract.js';
import { showAnswer } from '../engine/answer.js';
import { unlessBrokenDown } from '../engine/breakdowns.js';
import { withoutStrangers } from '../engine/strangers.js';
import { Violation } from '../engine/findings.js';
import { offers } from '../engine/offers.js';
import { judgeIntervals } from '../engine/intervals.js';
import { blameHistory, registryHistories, type Observed } from '../engine/registry-history.js';
import { showOperation } from '../engine/show.js';
import { check, type Entry, type History } from '../linearizability/index.js';
import { keyOf } from './operation-key.js';
import { readsAfter, type ConcurrentProgram } from './program.js';
import { onlooker, RegistryWorld, type RegistryStep } from './registry-world.js';
import { remembering } from './remembering.js';
import { isExplainedByEnds } from './witness.js';
import { run, type Chooser, type Schedule } from './world.js';

/** A row of the table that shows how the clients took turns. */
export interface Row {
  /** Counted from 0; absent where it is nobody's. */
  readonly client?: number;
  readonly text: string;
  /** Whether another client comes between two steps of one that could have gone on. */
  readonly switch: boolean;
}

/** What came of a program under one schedule. */
export interface Run {
  readonly schedule: Schedule;
  readonly history: History<Operation, Observed>;
  /** The table that shows it. */
  rows(): readonly Row[];
  /** What is wrong, if anything is. */
  readonly violation: Violation | undefined;
  /** What could not be told, and why. */
  readonly undecided: string | undefined;
  /** How many steps there were, and how many ways to go on at each. */
  readonly widths: readonly number[];
}

/** Runs a program under a schedule, and judges what came of it. Undefined: the chooser gave up on it. Throws what `Rig.open` does. */
export function runProgram(adapter: Adapter, program: ConcurrentProgram, chooser: Chooser<RegistryStep>, patienceMs: number): Promise<Run | undefined> {
  return unlessBrokenDown(adapter, () => runOnce(adapter, program, chooser, patienceMs));
}

async function runOnce(adapter: Adapter, program: ConcurrentProgram, chooser: Chooser<RegistryStep>, patienceMs: number): Promise<Run | undefined> {
  const world = await RegistryWorld.open(adapter, program, patienceMs);
  const steps: RegistryStep[] = [];
  const widths: number[] = [];
  const marks: { readonly entries: number; readonly interrupts: boolean }[] = [];
  const schedule: number[] = [];
  const noting: Chooser<RegistryStep> = {
    choose(enabled, depth) {
      const choice = Math.min(chooser.choose(enabled, depth), enabled.length - 1);
      if (choice < 0) return choice;
      const step = enabled[choice]!;
      const last = steps.at(-1)?.thread;
      marks.push({ entries: world.moment, interrupts: last !== undefined && last !== step.thread && enabled.some(({ thread }) => thread === last) });
      steps.push(step);
      widths.push(enabled.length);
      return choice;
    },
  };
  const finished = await run(world, noting, schedule);
  const history = await world.finish(finished ? readsAfter.filter(({ op }) => typeof world.rig.subject[op as keyof Subject] === 'function') : []);
  if (!finished) return undefined;
  const { violation, undecided } = judge(world, await withoutStrangers(adapter, history, patienceMs), offers(adapter, world.rig.subject, 'virtual-time'), adapter.consistency?.level === 'eventual');
  return { schedule, history, rows: () => tableOf(steps, marks, history, program.clients.length), violation, undecided, widths };
}

/** Lists and broadcasts need not happen at one moment (LST-3, RTE-9): they have no place in an order of operations. */
const isAtOneMoment = ({ invocation: { op } }: Entry<Operation, Observed>): boolean => op !== 'broadcast' && !op.startsWith('list');

/** What is judged by the times of calls. */
const isAboutIntervals = ({ invocation: { op } }: Entry<Operation, Observed>): boolean => op === 'broadcast' || op.startsWith('list') || op.startsWith('route');

export function judge({ blocked, circle, outlived, deliveries }: RegistryWorld, whole: History<Operation, Observed>, ownsTime: boolean, isEventual: boolean): { violation?: Violation; undecided?: string } {
  for (const { response } of whole) if (response?.kind === 'broken') return { violation: new Violation('an answer has the wrong shape', 'a value of the interface, or an error with a specified code', response.what, response.breaks) };
  if (blocked.length > 0) {
    const who = blocked.map(({ actor, operation }) => `${actor} in ${showOperation(operation)}`).join(', ');
    // Whoever lives by another clock may only be slow.
    if (!ownsTime) return { undecided: `not answered: ${who}` };
    return { violation: new Violation('a call is never answered: nothing is left that could happen', 'every operation ends', `waiting for ever${circle === undefined ? '' : `, in a circle: ${circle}`}: ${who}`, 'DLK-4') };
  }
  const history = whole.filter(isAtOneMoment);
  // A registry that is right in the end may be wrong in between.
  const byIntervals = (): { violation?: Violation } => {
    const violation = isEventual || !whole.some(isAboutIntervals) ? undefined : judgeIntervals(whole, deliveries)[0];
    if (violation !== undefined) return { violation };
    return outlived === undefined ? {} : { violation: new Violation(`afterwards every endpoint goes down, and ${showOperation(outlived.read)} still gives one`, 'nothing', showAnswer(outlived.answer), 'DWN-1') };
  };
  if (isExplainedByEnds(model, history)) return byIntervals();
  const signature = signatureOf(history);
  if (linearizable.has(signature)) return byIntervals();
  const { verdict, parts } = check(model, history, budget);
  if (verdict === 'unknown') return { undecided: 'whether a history is linearizable could not be told' };
  if (verdict === 'linearizable') {
    if (linearizable.size >= mostRemembered) linearizable.clear();
    linearizable.add(signature);
    return byIntervals();
  }
  const { longest, unplaced } = parts[0]!;
  const expected = longest.length === 0 ? 'an order of the operations that the specification allows' : `after ${longest.map(({ entry }) => showOperation(entry.invocation)).join('; ')}: another answer`;
  const actual = unplaced.map((entry) => `${showOperation(entry.invocation)} → ${showAnswer(entry.response!, 'nothing')}`).join('; ');
  return { violation: new Violation('no order of the overlapping operations explains what was answered', expected, actual, isEventual ? 'CON-2' : blameHistory(history, budget)) };
}

/** What is asked of it in one schedule is asked again in the next, by operations that are the same objects. */
const model = remembering({ ...registryHistories, operationKey: keyOf });

/** Histories that have been found linearizable: many schedules of a program come to the same. */
const linearizable = new Set<string>();
const mostRemembered = 50_000;

/**
 * Equal for histories with the same calls and answers of which the same precede the same: of the times all that counts is which
 * ends lie before which starts. Operations are known by who they are: those of a program stay the same.
 */
function signatureOf(history: History<Operation, Observed>): string {
  const isStart: (boolean | undefined)[] = [];
  for (const { start, end } of history) {
    isStart[start] = true;
    if (end !== Infinity) isStart[end] = false;
  }
  const runs: number[] = [];
  let run = 0;
  let last: boolean | undefined = true;
  for (const [time, starts] of isStart.entries()) {
    if (starts !== undefined && starts !== last) run++;
    last = starts ?? last;
    runs[time] = run;
  }
  const parts = history.map(({ invocation, response, start, end }) => `${runs[start]!} ${end === Infinity ? '' : runs[end]!} ${keyOf(invocation, response)}`);
  return parts.sort().join('\n');
}

const budget = { steps: 1_000_000, milliseconds: 2_000 };

const isCallback = ({ actor }: Entry<Operation, Observed>): boolean => actor !== 'setup' && actor !== 'afterwards' && actor !== onlooker;

/** Of what an onlooker saw only what was not so before. */
function withoutRepetition(history: History<Operation, Observed>): History<Operation, Observed> {
  const seen = new Map<string, string>();
  return history.filter(({ actor, invocation, response }) => {
    if (actor !== onlooker || response === undefined) return actor !== onlooker;
    const [read, answer] = [showOperation(invocation), showAnswer(response, 'nothing')];
    const isNew = seen.get(read) !== answer;
    seen.set(read, answer);
    return isNew;
  });
}

export function tableOf(steps: readonly RegistryStep[], marks: readonly { readonly entries: number; readonly interrupts: boolean }[], history: History<Operation, Observed>, clients: number): Row[] {
  const rows: Row[] = [];
  const events = withoutRepetition(history)
    .flatMap((entry) => [{ at: entry.start, entry, ends: false }, ...(entry.end === Infinity ? [] : [{ at: entry.end, entry, ends: true }])])
    .sort((a, b) => a.at - b.at);
  const rowsUntil = (moment: number): void => {
    while (events.length > 0 && events[0]!.at < moment) {
      const { entry, ends } = events.shift()!;
      const client = /^client (\d+)$/.exec(entry.actor)?.[1];
      const answer = entry.response === undefined ? '' : ` → ${showAnswer(entry.response, entry.invocation.op.startsWith('find') || entry.invocation.op.startsWith('get') ? 'nothing' : 'done')}`;
      if (client === undefined) {
        const text = `${entry.actor}: ${showOperation(entry.invocation)}`;
        if (rows.at(-1)?.text === text) rows.pop();
        // What is called back is shown when it is called, too: it may never be answered.
        if (ends || isCallback(entry)) rows.push({ text: `${text}${ends ? answer : ''}`, switch: false });
      } else if (ends) {
        const last = rows.at(-1);
        const text = showOperation(entry.invocation);
        // What is answered at once is one row.
        if (last?.client === Number(client) - 1 && last.text === text) rows[rows.length - 1] = { ...last, text: `${text}${answer}` };
        else rows.push({ client: Number(client) - 1, text: `${text.split('(')[0]!}${answer}`, switch: false });
      }
    }
  };
  for (const [i, step] of steps.entries()) {
    rowsUntil(marks[i]!.entries);
    if (step.does.kind === 'call') {
      events.splice(0, events[0]?.ends === false && events[0].at === marks[i]!.entries ? 1 : 0);
      rows.push({ client: step.thread, text: step.label, switch: marks[i]!.interrupts });
    } else {
      rows.push({ ...(step.thread < clients && { client: step.thread }), text: step.does.kind === 'timer' ? 'commits' : step.label, switch: marks[i]!.interrupts });
    }
  }
  rowsUntil(Infinity);
  return rows;
}
