import type { Namespace, Registration } from '../spec/interface.js';

/**
 * One incarnation of a name: the object *is* its identity (INC-1, INC-2). A name that is given up and registered again
 * is another entry, so whatever still refers to the old one refers to nothing. Kept lean: there may be a million.
 */
abstract class Named {
  abstract readonly namespace: Namespace;
  /** What a lookup gives. Frozen; an update puts another in its place. */
  registration: Registration;
  /** Tells this incarnation from all others in the store. */
  readonly incarnation: number;
  /** The store's revision of the record; undefined while the store holds none of this incarnation. */
  revision: number | undefined = undefined;
  /** The names under the same signal, this one among them, while the entry is live; undefined before and after. */
  group: Group | undefined = undefined;
  /** Its neighbours in the group. A list through the entries: an array would have to grow. */
  previous: Entry | undefined = undefined;
  next: Entry | undefined = undefined;

  constructor(registration: Registration, incarnation: number) {
    this.registration = registration;
    this.incarnation = incarnation;
  }

  get live(): boolean {
    return this.group !== undefined;
  }
}

export class ServerEntry extends Named {
  /** Made for the first member: most servers of a large registry may have none. */
  members: Members | undefined = undefined;

  get namespace(): 'server' {
    return 'server';
  }
}

export class TransportEntry extends Named {
  /** The binding: to an incarnation, never to a name. */
  server: ServerEntry | undefined = undefined;
  /** Where in the list of {@link ServerEntry.members}. */
  place = 0;

  get namespace(): 'transport' {
    return 'transport';
  }
}

export type Entry = ServerEntry | TransportEntry;

/** The live names of one signal. */
export interface Group {
  readonly signal: AbortSignal;
  readonly listener: () => void;
  first: Entry | undefined;
}

/** Makes an entry live. O(1). */
export function join(entry: Entry, group: Group): void {
  const { first } = group;
  if (first !== undefined) first.previous = entry;
  entry.next = first;
  entry.group = group;
  group.first = entry;
}

/** Makes a live entry live no more. It keeps nothing of the others, since who refers to it may keep it. O(1). */
export function leave(entry: Entry): void {
  const { group, previous, next } = entry;
  if (previous === undefined) group!.first = next;
  else previous.next = next;
  if (next !== undefined) next.previous = previous;
  entry.group = entry.previous = entry.next = undefined;
}

/** The transports bound to a server. Copied before it changes while a broadcast reads it. */
export interface Members {
  readonly list: TransportEntry[];
  readers: number;
}

/** Binds a transport, which moves it if it is bound. O(1). */
export function attach(transport: TransportEntry, server: ServerEntry): void {
  detach(transport);
  const { list } = (server.members = writable(server.members));
  transport.server = server;
  transport.place = list.push(transport) - 1;
}

/** Ends the binding of a transport, if it has one. O(1). */
export function detach(transport: TransportEntry): void {
  const { server } = transport;
  if (server === undefined) return;
  transport.server = undefined;
  const members = writable(server.members);
  const last = members.list.pop()!;
  if (last !== transport) {
    members.list[transport.place] = last;
    last.place = transport.place;
  }
  server.members = members.list.length === 0 ? undefined : members;
}

/** Ends all bindings to a server. O(members). */
export function detachAll(server: ServerEntry): void {
  for (const member of server.members?.list ?? []) member.server = undefined;
  server.members = undefined;
}

const writable = (members: Members | undefined): Members =>
  members === undefined ? { list: [], readers: 0 } : members.readers === 0 ? members : { list: members.list.slice(), readers: 0 };
