import type { Operation } from '../../model/index.js';
import { showAnswer } from '../engine/answer.js';
import { registryHistories, type Observed } from '../engine/registry-history.js';
import { safe, showOperation } from '../engine/show.js';
import { check, type Entry, type History } from '../linearizability/index.js';
import { mostShownOperations, type Timeline } from './result.js';

interface TimelineOptions {
  readonly unit: Timeline['unit'];
  /** What contradicts itself, as small as it could be made. */
  readonly core?: History<Operation, Observed>;
  /** How many operations are kept at most. */
  readonly most?: number;
}

/** What has a place in an order: a list or a broadcast need not happen at one moment. */
const isAtOneMoment = ({ invocation: { op } }: Entry<Operation, Observed>): boolean => op !== 'broadcast' && !op.startsWith('list');

/** So much is spent on the order that is shown, which the verdict does not rest on. Milliseconds. */
const orderMs = 2_000;

/**
 * A violated history as it is shown: a lane for each client, and the longest order that the specification allows. Of a long one the
 * operations nearest in time to what is wrong. O(n log n) beside the search for the order, which is bounded.
 */
export function timelineOf(history: History<Operation, Observed>, { unit, core = [], most = mostShownOperations }: TimelineOptions): Timeline {
  const order = orderOf(history.filter(isAtOneMoment));
  const places = new Map((order?.longest ?? []).map(({ entry }, place) => [entry.id, place]));
  const stuck = new Set((order?.stuck ?? []).map(({ id }) => id));
  const wrong = new Set(core.map(({ id }) => id));
  const sorted = nearest([...history].sort((a, b) => a.start - b.start), ({ id }) => (wrong.size > 0 ? wrong.has(id) : stuck.has(id)), most);
  const begin = sorted.reduce((least, { start }) => Math.min(least, start), Infinity);
  const lanes = new Map<string, number>();
  for (const actor of sorted.map((entry) => entry.actor).sort(byName)) if (!lanes.has(actor)) lanes.set(actor, lanes.size);
  const operations = sorted.map(({ id, actor, invocation, response, start, end }) => ({
    lane: lanes.get(actor)!,
    text: safe(showOperation(invocation), 200),
    ...(response !== undefined && { answer: safe(answerOf(invocation, response), 200) }),
    start: start - begin,
    ...(end !== Infinity && { end: end - begin }),
    ...(places.has(id) && { place: places.get(id)! }),
    ...(stuck.has(id) && { stuck: true }),
    ...(wrong.has(id) && { core: true }),
  }));
  return { unit, operations, lanes: [...lanes.keys()].map((lane) => safe(lane, 60)), outOf: history.length, ordered: order !== undefined };
}

/** `client 2` before `client 10`. */
const byName = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

const answerOf = ({ op }: Operation, answer: Observed): string => showAnswer(answer, op.startsWith('find') || op.startsWith('get') || op.startsWith('route') ? 'nothing' : 'done');

function orderOf(history: History<Operation, Observed>): ReturnType<typeof check<never, Operation, Observed>>['parts'][number] | undefined {
  try {
    const [part] = check(registryHistories, history, { milliseconds: orderMs }).parts;
    return part?.verdict === 'violated' ? (part as never) : undefined;
  } catch (error) {
    // Operations that tie everything together cannot be judged in parts, and have no order of their own to be shown.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** As many of the operations as may be kept, those around what is wrong. */
function nearest<T>(sorted: readonly T[], isWrong: (one: T) => boolean, most: number): readonly T[] {
  if (sorted.length <= most) return sorted;
  const at = Math.max(0, sorted.findIndex(isWrong));
  const from = Math.min(Math.max(0, at - (most >> 1)), sorted.length - most);
  return sorted.slice(from, from + most);
}
