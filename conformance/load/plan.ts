import type { Operation } from '../../model/index.js';
import type { Feature } from '../../spec/index.js';
import type { Answer } from '../engine/answer.js';
import { randomFrom, type Random } from '../schedules/choosers.js';

/** What clients do, all together: plain data, from which each of them makes its own plan, wherever it runs. */
export interface Mix {
  readonly seed: number;
  readonly clients: number;
  /** Of each client. */
  readonly operations: number;
  /** What may be called; `reads`: also while others write. */
  readonly offered: readonly (Feature | 'reads')[];
  /** How many clients get in each other's way on the same few names: the more, the harder it is to judge. */
  readonly crowd: number;
}

/** Names are used for so many operations of a client, and then others: parts of the history that have nothing to do with each other can be judged by themselves. */
export const epoch = 60;

/** The names that a crowd of clients has in common, in an epoch. */
export interface Names {
  readonly servers: readonly string[];
  readonly transports: readonly string[];
}

export const crowdsOf = ({ clients, crowd }: Mix): number => Math.ceil(clients / crowd);

export const namesOf = (crowd: number, era: number): Names => ({
  servers: [1, 2].map((i) => `s${i}-${crowd}-${era}`),
  transports: [1, 2].map((i) => `t${i}-${crowd}-${era}`),
});

/** Every name that can have been used in a load. */
export function* allNames(mix: Mix): Generator<Names> {
  for (let era = 0; era < Math.ceil(mix.operations / epoch); era++) for (let crowd = 0; crowd < crowdsOf(mix); crowd++) yield namesOf(crowd, era);
}

/** How many endpoints a client remembers, to take them down. */
const remembered = 8;

/**
 * What one client does next, given nothing but its seed and its own past answers. Every registration has an endpoint and a
 * configuration of its own, every update a configuration, every message a text that no other has in the run: so it can be told what
 * was seen, and where it came from.
 */
export class ClientPlan {
  readonly #random: Random;
  #step = 0;
  #made = 0;
  /** Endpoints that it has registered. */
  readonly #mine: string[] = [];
  #lastRoute: (Operation & { readonly op: 'routeToServer' | 'routeToTransport' }) | undefined;

  constructor(
    readonly mix: Mix,
    readonly client: number,
  ) {
    this.#random = randomFrom((mix.seed ^ Math.imul(client + 1, 0x9e3779b1)) | 0);
  }

  next(): Operation | undefined {
    if (this.#step >= this.mix.operations) return undefined;
    const era = Math.floor(this.#step / epoch);
    const left = Math.min(epoch - (this.#step % epoch), this.mix.operations - this.#step);
    this.#step++;
    const home = (this.client + era) % crowdsOf(this.mix);
    if (left <= 4 && this.mix.operations >= epoch) return this.#retire(namesOf(home, era), left) ?? this.draw(namesOf(home, era));
    const crowd = this.below(8) === 0 ? this.below(crowdsOf(this.mix)) : home;
    return this.draw(namesOf(crowd, era));
  }

  answered(operation: Operation, answer: Answer | undefined): void {
    // That of another may hold other names besides.
    if (!('endpoint' in operation) || operation.op === 'down' || answer?.kind !== 'done' || !operation.endpoint.startsWith(`c${this.client}e`)) return;
    this.#mine.push(operation.endpoint);
    if (this.#mine.length > remembered) this.#mine.shift();
  }

  /** At the end of an epoch its names are given up, so that lists stay short. */
  #retire({ servers, transports }: Names, left: number): Operation | undefined {
    if (left > 2) return { op: 'unregisterServer', id: servers[left - 3]! };
    return this.#offers('transports') ? { op: 'unregisterTransport', id: transports[left - 1]! } : undefined;
  }

  /** Any operation that may be called, on any of these names. */
  draw(names: Names): Operation {
    const { servers, transports } = names;
    const server = (): string => this.#one(servers);
    const transport = (): string => this.#one(transports);
    const unique = (kind: string): string => this.unique(kind);

    // Messages from one sender to one recipient, one after the other (RTE-4).
    if (this.#lastRoute !== undefined && this.below(2) === 0) return this.#route({ ...this.#lastRoute, message: unique('m') });
    this.#lastRoute = undefined;

    const kinds: [number, () => Operation][] = [
      [5, () => this.registration('registerServer', server())],
      [3, () => ({ op: 'unregisterServer', id: server() })],
    ];
    const when = (offered: boolean, weight: number, operation: () => Operation): void => void (offered && kinds.push([weight, operation]));
    const reads = this.#offers('reads');
    const has = (...features: Feature[]): boolean => features.every((one) => this.#offers(one));
    const binds = has('binding', 'transports');
    when(reads, 5, () => ({ op: 'findServer', id: server() }));
    when(has('update', 'configs'), 3, () => ({ op: 'updateServer', id: server(), config: { v: unique('u') } }));
    when(has('transports'), 3, () => this.registration('registerTransport', transport(), binds && has('configs') && this.below(2) === 0 ? { serverId: server() } : {}));
    when(has('transports'), 1, () => ({ op: 'unregisterTransport', id: transport() }));
    when(has('transports') && reads, 1, () => ({ op: 'findTransport', id: transport() }));
    when(binds, 5, () => ({ op: 'bindTransportToServer', transportId: transport(), serverId: server() }));
    when(binds, 1, () => ({ op: 'unbindTransport', transportId: transport() }));
    when(binds && reads, 4, () => ({ op: 'getServerForTransport', transportId: transport() }));
    when(has('routing', 'transports') && reads, 2, () => this.#route({ op: 'routeToServer', serverId: server(), transportId: transport(), message: unique('m') }));
    when(has('routing', 'transports') && reads, 1, () => this.#route({ op: 'routeToTransport', transportId: transport(), serverId: server(), message: unique('m') }));
    when(has('routing') && binds && reads, 1, () => ({ op: 'broadcast', serverId: server(), message: unique('b') }));
    // Of all names: where there are many, each of them costs much.
    when(has('lists') && reads && this.below(1 + this.mix.clients / 8) === 0, 1, () => ({ op: 'listServers' }));
    when(has('lists') && reads && this.below(1 + this.mix.clients / 8) === 0, 1, () => ({ op: 'listTransports' }));
    // Elsewhere nobody knows when the news arrives, and each such endpoint may have gone down at any later time.
    when(has('liveness') && this.#mine.length > 0 && (has('in-process') || this.below(4) === 0), 2, () => ({ op: 'down', endpoint: this.#mine.splice(this.below(this.#mine.length), 1)[0]! }));

    let at = this.#random() * kinds.reduce((sum, [weight]) => sum + weight, 0);
    return (kinds.find(([weight]) => (at -= weight) < 0) ?? kinds[0]!)[1]();
  }

  /** One with an endpoint of its own; its configuration says whose it is, to those who cannot tell endpoints apart. */
  registration(op: 'registerServer' | 'registerTransport', id: string, more: Readonly<Record<string, string>> = {}): Operation {
    const endpoint = this.unique('e');
    return { op, id, endpoint, ...(this.#offers('configs') && { config: { v: endpoint, ...more } }) };
  }

  /** A text that no other client of the load has, nor this one again. */
  unique(kind: string): string {
    return `c${this.client}${kind}${++this.#made}`;
  }

  #route(operation: Operation & { readonly op: 'routeToServer' | 'routeToTransport' }): Operation {
    this.#lastRoute = operation;
    return operation;
  }

  #offers(feature: Feature | 'reads'): boolean {
    return this.mix.offered.includes(feature);
  }

  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #one<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
