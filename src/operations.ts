import type { Config, Endpoint, Registration } from '../spec/interface.js';
import { removal, type Directory } from './directory.js';
import { isDown } from './endpoint.js';
import { attach, detach, ServerEntry, TransportEntry, type Entry } from './entry.js';
import { invalid, RegistryError } from './error.js';
import type { Amendment, Operation } from './lane.js';
import type { Change } from './store.js';

/*
 * The writes. Each decides at its turn, from what is registered then, and looks again when its change has been
 * committed: a "down" does not wait for lanes, and the server of a binding has a lane of its own.
 */

/** What the two kinds of registration share. REG-1 to REG-3, ADM-1. */
abstract class Register<E extends Entry> implements Operation {
  abstract readonly namespace: E['namespace'];
  readonly creates = true;
  entry: E | undefined = undefined;

  constructor(
    readonly directory: Directory,
    readonly id: string,
    readonly endpoint: Endpoint,
    readonly signal: AbortSignal,
    readonly config: Config,
    readonly admit: () => boolean,
  ) {}

  /** Throws what a registration is refused with whatever its turn may bring. */
  check(): void {
    if (!this.admit()) {
      throw new RegistryError('admission_control_active', `Registrations are rejected for now; ${JSON.stringify(this.id)} was not registered: try again later.`);
    }
    if (isDown(this.signal)) throw down(this.id);
  }

  decide(): Change {
    this.check();
    if (this.find() !== undefined) {
      throw new RegistryError('already_registered', `The ${this.namespace} ${JSON.stringify(this.id)} is registered: unregister it first, or take another id.`);
    }
    const registration = Object.freeze({ id: this.id, endpoint: this.endpoint, config: this.config });
    this.entry = this.create(registration, this.directory.nextOperation());
    return this.directory.put(this.entry, this.config, this.binding());
  }

  apply(): Amendment | undefined {
    const entry = this.entry!;
    try {
      if (this.directory.insert(entry, this.signal)) return this.inserted(entry);
    } catch (error) {
      return { change: removal(entry), refusal: invalid(`The signal of ${JSON.stringify(this.id)} cannot be listened to: give an AbortSignal.`, error) };
    }
    return { change: removal(entry), refusal: down(this.id) };
  }

  protected abstract find(): E | undefined;
  protected abstract create(registration: Registration, incarnation: number): E;

  protected binding(): ServerEntry | undefined {
    return undefined;
  }

  protected inserted(_entry: E): Amendment | undefined {
    return undefined;
  }
}

export class RegisterServer extends Register<ServerEntry> {
  readonly namespace = 'server';

  protected find(): ServerEntry | undefined {
    return this.directory.servers.get(this.id);
  }

  protected create(registration: Registration, incarnation: number): ServerEntry {
    return new ServerEntry(registration, incarnation);
  }
}

export class RegisterTransport extends Register<TransportEntry> {
  readonly namespace = 'transport';
  #server: ServerEntry | undefined = undefined;

  protected find(): TransportEntry | undefined {
    return this.directory.transports.get(this.id);
  }

  protected create(registration: Registration, incarnation: number): TransportEntry {
    return new TransportEntry(registration, incarnation);
  }

  /** BND-8, BND-9. */
  protected override binding(): ServerEntry | undefined {
    // If there is a `serverId` it has been found to be an id; under nothing nothing is registered.
    return (this.#server = this.directory.servers.get(this.config['serverId'] as string));
  }

  protected override inserted(entry: TransportEntry): Amendment | undefined {
    const decided = this.#server;
    const server = this.binding();
    if (server === undefined) return undefined; // If it went meanwhile, the stored binding names an incarnation that is no more.
    attach(entry, server);
    return server === decided ? undefined : { change: this.directory.restate(entry) };
  }
}

/** UNR-1, UNR-2; BND-6, BND-7. */
export class Unregister implements Operation {
  readonly creates = false;
  entry: Entry | undefined = undefined;

  constructor(
    readonly directory: Directory,
    readonly namespace: Entry['namespace'],
    readonly id: string,
  ) {}

  decide(): Change | undefined {
    this.entry = this.namespace === 'server' ? this.directory.servers.get(this.id) : this.directory.transports.get(this.id);
    return this.entry === undefined ? undefined : removal(this.entry);
  }

  apply(): undefined {
    if (this.entry!.live) this.directory.remove(this.entry!);
  }
}

/** Takes out of the store what a "down" has taken out of the directory already. */
export class Forget implements Operation {
  readonly creates = false;

  constructor(readonly entry: Entry) {}

  get namespace(): Entry['namespace'] {
    return this.entry.namespace;
  }

  get id(): string {
    return this.entry.registration.id;
  }

  decide(): Change | undefined {
    return this.entry.revision === undefined ? undefined : removal(this.entry);
  }

  apply(): undefined {
    // It has gone already.
  }
}

/** UPD-1, UPD-2. */
export class UpdateServer implements Operation {
  readonly namespace = 'server';
  readonly creates = false;
  entry: ServerEntry | undefined = undefined;

  constructor(
    readonly directory: Directory,
    readonly id: string,
    readonly config: Config,
  ) {}

  decide(): Change {
    this.entry = this.directory.servers.get(this.id);
    if (this.entry === undefined) throw noServer(this.id);
    return this.directory.put(this.entry, this.config, undefined);
  }

  apply(): Amendment | undefined {
    const entry = this.entry!;
    // What was stored of it goes with the "down" that waits for the lane.
    if (!entry.live) return { change: undefined, refusal: noServer(this.id) };
    const { id, endpoint } = entry.registration;
    entry.registration = Object.freeze({ id, endpoint, config: this.config });
    this.directory.show(entry);
    return undefined;
  }
}

/** BND-1 to BND-4. In the lane of the transport; the server is tied by its incarnation (DLK-3). */
export class Bind implements Operation {
  readonly namespace = 'transport';
  readonly creates = false;
  entry: TransportEntry | undefined = undefined;
  #server: ServerEntry | undefined = undefined;

  constructor(
    readonly directory: Directory,
    readonly id: string,
    readonly serverId: string,
  ) {}

  decide(): Change {
    this.#server = this.directory.servers.get(this.serverId);
    if (this.#server === undefined) throw noServer(this.serverId);
    this.entry = this.directory.transports.get(this.id);
    if (this.entry === undefined) throw noTransport(this.id);
    return this.directory.put(this.entry, this.entry.registration.config, this.#server);
  }

  apply(): Amendment | undefined {
    const entry = this.entry!;
    if (!this.#server!.live) return { change: entry.live ? this.directory.restate(entry) : undefined, refusal: noServer(this.serverId) };
    if (!entry.live) return { change: undefined, refusal: noTransport(this.id) };
    attach(entry, this.#server!);
    return undefined;
  }
}

/** BND-5. */
export class Unbind implements Operation {
  readonly namespace = 'transport';
  readonly creates = false;
  entry: TransportEntry | undefined = undefined;

  constructor(
    readonly directory: Directory,
    readonly id: string,
  ) {}

  decide(): Change | undefined {
    this.entry = this.directory.transports.get(this.id);
    return this.entry?.server === undefined ? undefined : this.directory.put(this.entry, this.entry.registration.config, undefined);
  }

  apply(): undefined {
    detach(this.entry!);
  }
}

const down = (id: string): RegistryError => new RegistryError('endpoint_down', `The endpoint for ${JSON.stringify(id)} is down: register one whose signal has not aborted.`);

const noServer = (id: string): RegistryError => new RegistryError('server_not_found', `No server is registered under ${JSON.stringify(id)}: register it first.`);

const noTransport = (id: string): RegistryError => new RegistryError('transport_not_found', `No transport is registered under ${JSON.stringify(id)}: register it first.`);
