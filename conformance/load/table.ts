import type { Operation } from '../../model/index.js';
import type { Observed } from '../engine/registry-history.js';
import { showOperation } from '../engine/show.js';
import type { Entry, History } from '../linearizability/index.js';
import type { Row } from '../schedules/overlap.js';
import { showEnding } from './judge.js';

/** Calls and answers in the order of their times, each client in a column of its own; what nothing else comes between is one row. */
export function tableOf(history: History<Operation, Observed>): Row[] {
  const columns = new Map<string, number>();
  const columnOf = ({ actor }: Entry): number | undefined => {
    const client = /^client (\d+)/.exec(actor)?.[1];
    if (client === undefined) return undefined;
    if (!columns.has(client)) columns.set(client, columns.size);
    return columns.get(client)!;
  };
  const events = [...history]
    .sort((a, b) => a.start - b.start)
    .flatMap((entry) => [{ at: entry.start, entry, ends: false }, ...(entry.end === Infinity ? [] : [{ at: entry.end, entry, ends: true }])])
    // Where an end and a start are at one time, either may have come first.
    .sort((a, b) => a.at - b.at || Number(a.ends) - Number(b.ends));
  const rows: Row[] = [];
  for (const [i, { entry, ends }] of events.entries()) {
    const { invocation, response } = entry;
    const client = columnOf(entry);
    const column = client === undefined ? {} : { client };
    const who = client === undefined ? `${entry.actor}: ` : '';
    const answer = response === undefined ? '' : ` → ${showEnding(invocation, response)}`;
    const isAtOnce = events[i + 1]?.entry === entry;
    if (ends && events[i - 1]?.entry === entry) continue;
    if (ends) rows.push({ ...column, text: `${who}${nameOf(invocation)}${answer}`, switch: false });
    else rows.push({ ...column, text: `${who}${showOperation(invocation)}${isAtOnce ? answer : ''}${entry.end === Infinity ? ', at some time from now on, or never' : ''}`, switch: false });
  }
  return rows;
}

const nameOf = (operation: Operation): string => (operation.op === 'down' ? showOperation(operation) : operation.op);
