import type { Operation } from '../../model/index.js';
import type { Config, Namespace } from '../../spec/index.js';
import type { Entry, History } from '../linearizability/index.js';
import { Moments, type Span } from './moments.js';
import { Periods, type Period } from './periods.js';
import { surroundings, type Observed } from './registry-history.js';

/** An incarnation of a name, or a configuration that it had. */
export interface Life extends Period {
  readonly id: string;
  readonly endpoint: string;
  /** The call of the registration. */
  readonly made: Span;
  readonly config: Config;
}

/** A configuration that an update gave a name. */
export interface Written extends Period {
  readonly made: Span;
  readonly config: Config;
}

/** A transport tied to a server. */
export interface Bond extends Period {
  readonly transport: string;
  readonly server: string;
  /** The call that tied them. */
  readonly made: Span;
}

/** Of one name: what was done to it, and what came of that. */
class Name {
  readonly registered = new Moments();
  readonly unregistered = new Moments();
  readonly updated = new Moments();
  /** Of a transport: binds, labelled with their server, and unbinds. */
  readonly moved = new Moments();
  /** As long as each registration can have lasted. */
  readonly lives = new Periods<Life>();
  /** As long as each configuration can have been in force. */
  readonly written = new Periods<Written>();
  /** As long as each registration certainly lasted. */
  readonly certain = new Periods<Life>();
}

/** When an operation took effect: certainly in its call, possibly at any moment after that began, or not at all. */
export function effectOf({ response, start, end }: Entry<Operation, Observed>): Span | undefined {
  if (response?.kind === 'done') return { start, end };
  // Whether what was refused for want of time or room has happened all the same is not for lists to say (CON-3).
  return response?.kind === 'refused' && response.code !== 'outcome_unknown' && !surroundings.has(response.code) ? undefined : { start, end: Infinity };
}

/** Which transport an operation ties to which server: itself, or by the configuration of the transport. */
function tieOf(operation: Operation): { readonly transport: string; readonly server: string } | undefined {
  if (operation.op === 'bindTransportToServer') return { transport: operation.transportId, server: operation.serverId };
  if (operation.op !== 'registerTransport') return undefined;
  const server = operation.config?.['serverId'];
  return typeof server === 'string' ? { transport: operation.id, server } : undefined;
}

/**
 * For how long names were registered and transports bound, as far as that can be told from when calls began and ended. A registry may
 * do anything that takes effect at one moment within each call: nothing here depends on which. The history begins with an empty registry.
 */
export class Lifetimes {
  /** What certainly was registered, and for how long at the least. */
  readonly registered: Readonly<Record<Namespace, Life[]>> = { server: [], transport: [] };
  /** What was certainly bound, by server. */
  readonly bound = new Map<string, Bond[]>();
  readonly #names: Readonly<Record<Namespace, Map<string, Name>>> = { server: new Map(), transport: new Map() };
  /** As long as each binding can have lasted, whatever became of its server: by server and transport. */
  readonly #bonds = new Map<string, Map<string, Periods<Bond>>>();
  readonly #downs = new Map<string, Moments>();
  readonly #closed = new Moments();

  constructor(history: History<Operation, Observed>) {
    const effective = history.flatMap((entry) => {
      const span = effectOf(entry);
      return span === undefined ? [] : [{ operation: entry.invocation, span }];
    });
    for (const { operation, span } of effective) this.#note(operation, span);
    for (const { operation, span } of effective) this.#live(operation, span);
    for (const { operation, span } of effective) this.#bind(operation, span);
  }

  /** The registrations of a name that can have lasted into a span. */
  lives(namespace: Namespace, id: string): Periods<Life> {
    return this.#name(namespace, id).lives;
  }

  /** The configurations that updates of a name can have brought into force. */
  written(namespace: Namespace, id: string): Periods<Written> {
    return this.#name(namespace, id).written;
  }

  /** Until when what was written by a call can have been in force, but for the end of the registration. */
  writtenUntil(namespace: Namespace, id: string, { end }: Span): number {
    return this.#name(namespace, id).updated.doneAfter(end);
  }

  /** Whether a transport, as this endpoint, can have been bound to a server at some moment of a span. */
  mayBeBound(transport: string, endpoint: string, server: string, span: Span): boolean {
    const bonds = this.#bonds.get(server)?.get(transport);
    if (bonds === undefined) return false;
    return bonds.some(span, ({ made }) => {
      // Both incarnations lasted from when they were tied.
      const both = { start: Math.max(made.start, span.start), end: Math.min(made.end, span.end) };
      return this.lives('transport', transport).some(both, (life) => life.endpoint === endpoint) && this.lives('server', server).some(both, () => true);
    });
  }

  #note(operation: Operation, span: Span): void {
    switch (operation.op) {
      case 'registerServer':
      case 'registerTransport':
        return this.#name(namespaceOf(operation), operation.id).registered.add(span);
      case 'unregisterServer':
      case 'unregisterTransport':
        return this.#name(namespaceOf(operation), operation.id).unregistered.add(span);
      case 'updateServer':
        return this.#name('server', operation.id).updated.add(span);
      case 'bindTransportToServer':
        return this.#name('transport', operation.transportId).moved.add(span, operation.serverId);
      case 'unbindTransport':
        return this.#name('transport', operation.transportId).moved.add(span);
      case 'down':
        return this.#down(operation.endpoint).add(span);
      case 'close':
        return this.#closed.add(span);
    }
  }

  #live(operation: Operation, span: Span): void {
    if (operation.op === 'updateServer') {
      const { updated, written } = this.#name('server', operation.id);
      written.add({ from: span.start, to: updated.doneAfter(span.end), made: span, config: operation.config });
    }
    if (operation.op !== 'registerServer' && operation.op !== 'registerTransport') return;
    const { id, endpoint, config = {} } = operation;
    const namespace = namespaceOf(operation);
    const name = this.#name(namespace, id);
    const down = this.#downs.get(endpoint);
    const life = { id, endpoint, config, made: span };
    // A name is registered again only when it has been given up. What is down, or closed, holds nothing whatever came first.
    const to = Math.min(name.unregistered.doneAfter(span.end), name.registered.doneAfter(span.end), down?.doneAfter(-Infinity) ?? Infinity, this.#closed.doneAfter(-Infinity));
    name.lives.add({ ...life, from: span.start, to });
    // Of what may never have happened that is no time at all.
    const least = { ...life, from: span.end, to: Math.min(name.unregistered.possibleAfter(span.start), down?.possibleAfter(-Infinity) ?? Infinity, this.#closed.possibleAfter(-Infinity)) };
    name.certain.add(least);
    this.registered[namespace].push(least);
  }

  #bind(operation: Operation, span: Span): void {
    const tie = tieOf(operation);
    if (tie === undefined) return;
    const { transport, server } = tie;
    const name = this.#name('transport', transport);
    const bond = { ...tie, made: span };
    const to = Math.min(name.moved.doneAfter(span.end), name.unregistered.doneAfter(span.end), name.registered.doneAfter(span.end));
    const ofServer = this.#bonds.get(server) ?? new Map<string, Periods<Bond>>();
    this.#bonds.set(server, ofServer);
    const bonds = ofServer.get(transport) ?? new Periods<Bond>();
    ofServer.set(transport, bonds);
    bonds.add({ ...bond, from: span.start, to });
    // By its configuration a transport is bound only if the server is registered at that moment (BND-8): one that is given up meanwhile ends the binding as well.
    const isTied = operation.op === 'bindTransportToServer' || this.#name('server', server).certain.some(span, ({ from }) => from < span.start);
    if (!isTied) return;
    const least = { ...bond, from: span.end, to: Math.min(name.moved.possibleAfter(span.start, server), this.#possibleEnd('transport', transport, span), this.#possibleEnd('server', server, span)) };
    const sure = this.bound.get(server);
    if (sure === undefined) this.bound.set(server, [least]);
    else sure.push(least);
  }

  /** When at the earliest the incarnation can have ended that a name had at some moment of a span, whichever it was. */
  #possibleEnd(namespace: Namespace, id: string, span: Span): number {
    const { unregistered, lives } = this.#name(namespace, id);
    let earliest = Math.min(unregistered.possibleAfter(span.start), this.#closed.possibleAfter(-Infinity));
    lives.some(span, ({ endpoint }) => {
      earliest = Math.min(earliest, this.#downs.get(endpoint)?.possibleAfter(span.start) ?? Infinity);
      return false;
    });
    return earliest;
  }

  #name(namespace: Namespace, id: string): Name {
    let name = this.#names[namespace].get(id);
    if (name === undefined) this.#names[namespace].set(id, (name = new Name()));
    return name;
  }

  #down(endpoint: string): Moments {
    let down = this.#downs.get(endpoint);
    if (down === undefined) this.#downs.set(endpoint, (down = new Moments()));
    return down;
  }
}

const namespaceOf = ({ op }: Operation): Namespace => (op.endsWith('Server') ? 'server' : 'transport');
