import type { Operation } from '../../model/index.js';
import type { Namespace } from '../../spec/index.js';
import type { Entry, History } from '../linearizability/index.js';
import { Violation } from './findings.js';
import type { Lifetimes } from './lifetimes.js';
import { firstIndex, type Span } from './moments.js';
import { throughout } from './periods.js';
import type { Observed } from './registry-history.js';
import { show } from './show.js';

/** A message that has arrived, where and when, by the clock of the history. */
export interface Delivered {
  readonly message: string;
  readonly endpoint: string;
  readonly namespace: Namespace;
  readonly to: string;
  readonly from: string;
  readonly at: number;
}

/** A call that sent a message, and where that arrived, one after the other. */
interface Sent extends Span {
  readonly entry: Entry<Operation, Observed>;
  readonly operation: Extract<Operation, { readonly message: string }>;
  readonly arrivals: Delivered[];
}

/** Where messages must go and must not go while others write. At most one of each kind. RTE-4, RTE-5, RTE-8, RTE-9. */
export function judgeDeliveries(history: History<Operation, Observed>, deliveries: readonly Delivered[], lifetimes: Lifetimes): Violation[] {
  const sent = sendings(history, deliveries);
  const found: (Violation | undefined)[] = [unreached(sent, lifetimes), overtaken(sent)];
  for (const judge of [repeated, misdirected]) {
    for (const one of sent) {
      const violation = judge(one, lifetimes);
      if (violation === undefined) continue;
      found.push(violation);
      break;
    }
  }
  return found.filter((one) => one !== undefined);
}

/** What was sent, by the messages that tell one from the other: of one that was sent twice nothing is said. */
function sendings(history: History<Operation, Observed>, deliveries: readonly Delivered[]): Sent[] {
  const sent = new Map<string, Sent | undefined>();
  for (const entry of history) {
    const { invocation: operation, start, end } = entry;
    if (!('message' in operation)) continue;
    sent.set(operation.message, sent.has(operation.message) ? undefined : { entry, operation, start, end, arrivals: [] });
  }
  for (const delivery of deliveries) sent.get(delivery.message)?.arrivals.push(delivery);
  const known = [...sent.values()].filter((one) => one !== undefined);
  for (const { arrivals } of known) arrivals.sort((a, b) => a.at - b.at);
  return known;
}

const recipientOf = ({ namespace, to, endpoint }: Delivered): string => JSON.stringify([namespace, to, endpoint]);

/** RTE-5. A broadcast that takes its time may meet a name again, as another incarnation. */
function repeated({ operation, arrivals }: Sent): Violation | undefined {
  const recipients = new Set<string | undefined>();
  for (const arrival of arrivals) {
    // A route has one, whoever that is.
    const recipient = operation.op === 'broadcast' ? recipientOf(arrival) : undefined;
    if (recipients.has(recipient)) return new Violation('a message was delivered more than once', `${show(arrival.message)} at most once`, `${show(arrival.message)} at ${arrivals.map(({ endpoint, to }) => `${endpoint} as ${show(to)}`).join(', ')}`, 'RTE-5');
    recipients.add(recipient);
  }
  return undefined;
}

/** RTE-8, RTE-9: whom nobody can have meant. */
function misdirected(sent: Sent, lifetimes: Lifetimes): Violation | undefined {
  const { operation, arrivals } = sent;
  const namespace = operation.op === 'routeToServer' ? 'server' : 'transport';
  for (const { to, endpoint, message } of arrivals) {
    const id = operation.op === 'broadcast' ? to : operation.op === 'routeToServer' ? operation.serverId : operation.transportId;
    const held = (span: Span): boolean => lifetimes.lives(namespace, id).some(span, (life) => life.endpoint === endpoint);
    const actual = `${show(message)} at ${endpoint}, as ${show(id)}`;
    if (!held(sent)) {
      const isOld = held({ start: -Infinity, end: sent.start });
      return isOld
        ? new Violation('a message went to an endpoint that had given the name up before the call', `${show(id)} as it was registered at some moment of the call`, actual, 'RTE-8')
        : new Violation('a message went to an endpoint that did not hold the name at any moment of the call', `${show(id)} as it was registered at some moment of the call`, actual, operation.op === 'broadcast' ? 'RTE-9' : 'RTE-1');
    }
    if (operation.op === 'broadcast' && !lifetimes.mayBeBound(to, endpoint, operation.serverId, sent)) return new Violation('a broadcast reached what was not bound at any moment of the call', `nothing at ${show(to)}`, actual, 'RTE-9');
  }
  return undefined;
}

/** RTE-9: whom a broadcast could not miss. A registry that hands over after it has answered may find that a name has gone by then (RTE-8). */
function unreached(sent: readonly Sent[], lifetimes: Lifetimes): Violation | undefined {
  const late = 2 * sent.reduce((most, { arrivals, end }) => Math.max(most, (arrivals.at(-1)?.at ?? 0) - end), 0);
  const broadcasts = groupedBy(
    sent.flatMap(({ operation, entry, arrivals, start, end }) => (operation.op === 'broadcast' && entry.response?.kind === 'done' ? [{ operation, arrivals, start, end: end + late }] : [])),
    ({ operation }) => operation.serverId,
  );
  for (const [server, calls] of broadcasts) {
    const bonds = lifetimes.bound.get(server);
    if (bonds === undefined) continue;
    for (const [{ operation, arrivals }, certain] of throughout(calls, bonds)) {
      const reached = new Set(arrivals.map(({ to }) => to));
      const left = certain.find(({ transport }) => !reached.has(transport));
      if (left === undefined) continue;
      const actual = reached.size === 0 ? 'nobody' : [...reached].map((one) => show(one)).join(', ');
      return new Violation('a broadcast did not reach what was bound before it began and until it had ended', `${show(left.transport)}, bound to ${show(server)}`, `${show(operation.message)} reached ${actual}`, 'RTE-9');
    }
  }
  return undefined;
}

/**
 * RTE-4: of one sender's messages to one recipient, those whose calls followed each other. A call from within a `send` may come before
 * the rest of what it interrupts: so a message counts as overtaken only by what arrived before it had arrived anywhere.
 */
function overtaken(sent: readonly Sent[]): Violation | undefined {
  const arrivals = sent.flatMap((one) => one.arrivals.map((arrival) => ({ arrival, call: one, first: one.arrivals[0]!.at })));
  for (const received of groupedBy(arrivals, ({ arrival }) => `${recipientOf(arrival)} ${arrival.from}`).values()) {
    received.sort((a, b) => a.arrival.at - b.arrival.at);
    /** Up to here, what was called last. */
    const latest: typeof received = [];
    for (const one of received) latest.push(latest.length === 0 || one.call.start > latest.at(-1)!.call.start ? one : latest.at(-1)!);
    for (const { arrival, call, first } of received) {
      const before = latest[firstIndex(received, (one) => one.arrival.at >= first) - 1];
      if (before !== undefined && before.call.start > call.end) {
        return new Violation('messages of one sender overtook each other', `${show(arrival.message)} before ${show(before.arrival.message)}, which was sent when the other had been`, `${show(before.arrival.message)} before ${show(arrival.message)} at ${arrival.endpoint}`, 'RTE-4');
      }
    }
  }
  return undefined;
}

function groupedBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
