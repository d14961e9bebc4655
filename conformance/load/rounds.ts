import type { Operation } from '../../model/index.js';
import { namesOf, type ClientPlan, type Mix, type Names } from './plan.js';

/** How many clients share names, and wait for each other. */
export const members = 4;

/** What a client does next, decided when its turn comes. */
export type Step = () => Operation;

/** What each of the four does between two waits. */
export type Part = (client: number) => Step[];

/** Names, and an endpoint that has held them and has to go. */
export interface Held extends Names {
  readonly by: string;
}

/**
 * One round of four clients, on names that nobody else has: two servers, the second of which is there to be fought for, a transport for each
 * client, and sometimes a server that goes down. They come, then all want the same, or undo what another does, three times or four; and look what came of it.
 */
export class Round {
  readonly parts: readonly Part[];
  readonly held: readonly Held[];
  readonly #names: Names;
  readonly #server: string;
  readonly #contested: string;
  /** Takes all names and gives them up at the same time, and goes down when all is over. */
  readonly #holder: string | undefined;
  /** Goes down while its name is registered, or wanted by others. */
  readonly #falling: string;
  readonly #fallen: string;
  readonly #isInherited: boolean;

  constructor(
    private readonly mix: Mix,
    private readonly clients: readonly ClientPlan[],
    crowd: number,
    round: number,
  ) {
    const key = `${crowd}-${round}`;
    this.#names = { servers: namesOf(crowd, round).servers, transports: clients.map((_, i) => `t${i + 1}-${key}`) };
    [this.#server, this.#contested] = this.#names.servers as [string, string];
    [this.#falling, this.#fallen] = [`z${key}`, `s3-${key}`];
    this.#holder = this.#has('liveness') && round % 4 === 3 ? `x${key}` : undefined;

    const storms = [this.#claim, this.#replace, this.#part, this.#any, this.#any, ...(this.#has('binding', 'transports') ? [this.#join, this.#join] : [])];
    const storm = (): Part => this.#oneOf(storms);
    const who = 1 + this.#below(members - 1);
    const ending = this.#has('liveness') && this.#holder === undefined ? this.#oneOf(['storm', 'falls', 'inherited'] as const) : 'storm';
    this.#isInherited = ending === 'inherited';
    const last = { storm: [storm()], falls: [this.#whoFalls(who, this.#hold)], inherited: [this.#hold, this.#whoFalls(who, this.#inherit)] }[ending];
    this.parts = [this.#come, storm(), storm(), ...last, ...(this.#has('reads') ? [this.#look] : []), ...(this.#holder === undefined ? [this.#leave] : [])];
    this.held = [
      ...(this.#holder === undefined ? [] : [{ ...this.#names, by: this.#holder }]),
      ...(ending === 'falls' ? [{ servers: [this.#fallen], transports: [], by: this.#falling }] : []),
    ];
  }

  readonly #come: Part = (i) => [this.#has('transports') ? this.#register(i, 'registerTransport', this.#transport(i)) : this.#draw(i), ...(i === 0 ? [this.#register(i, 'registerServer', this.#server)] : [])];

  /** What all of them want, of which one may get it. */
  readonly #claim: Part = (i) => [this.#register(i, 'registerServer', this.#contested), ...(this.#has('reads') ? [(): Operation => ({ op: 'findServer', id: this.#contested })] : [])];

  /** All come to one server. */
  readonly #join: Part = (i) => [this.#bind(i), ...(this.#has('reads') && i > 1 ? [this.#bound(i)] : [])];

  /** A server goes, and another comes, while it is written, read and sent to. */
  readonly #replace: Part = (i) => {
    if (i === 0) return [this.#unregister, this.#register(0, 'registerServer', this.#server)];
    if (i === 1 && this.#has('update', 'configs')) return [() => ({ op: 'updateServer', id: this.#server, config: { v: this.clients[i]!.unique('u') } }), this.#draw(i)];
    return [i === 2 && this.#has('binding', 'transports') ? this.#bind(i) : this.#draw(i), this.#draw(i)];
  };

  /** A server goes while transports part from it. */
  readonly #part: Part = (i) => {
    if (i === 0) return [this.#unregister, this.#draw(i)];
    if (!this.#has('binding', 'transports')) return [this.#draw(i), this.#draw(i)];
    return [i === 1 && this.#has('reads') ? this.#bound(0) : () => ({ op: 'unbindTransport', transportId: this.#transport(i) }), this.#draw(i)];
  };

  readonly #any: Part = (i) => [...(i === 0 && this.#has('lists', 'reads') && this.#below(3) === 0 ? [this.#list] : []), ...Array.from({ length: 1 + this.#below(3) }, () => this.#draw(i))];

  /** One registers what goes down, now or in the next part: under a name of its own, which it must not leave behind. */
  readonly #hold: Part = (i) => [i === 0 ? () => ({ ...this.clients[0]!.registration('registerServer', this.#fallen), endpoint: this.#falling }) : this.#draw(i)];

  /** All want the name of one that goes down; who has got it must still have it. */
  readonly #inherit: Part = (i) => [this.#register(i, 'registerServer', this.#fallen), ...(this.#has('reads') ? [(): Operation => ({ op: 'findServer', id: this.#fallen })] : [])];

  readonly #whoFalls = (who: number, others: Part): Part => (i) => (i === who ? [() => ({ op: 'down', endpoint: this.#falling })] : others(i));

  readonly #look: Part = (i) => [
    () => ({ op: 'findServer', id: this.#names.servers[i % 2]! }),
    ...(this.#has('binding', 'transports') ? [this.#bound(i)] : []),
    ...(i === 0 && this.#has('routing', 'binding', 'transports') ? [(): Operation => ({ op: 'broadcast', serverId: this.#server, message: this.clients[i]!.unique('b') })] : []),
  ];

  /** So that lists stay short. */
  readonly #leave: Part = (i) => [
    ...(this.#has('transports') ? [(): Operation => ({ op: 'unregisterTransport', id: this.#transport(i) })] : []),
    ...(i < 2 || !this.#has('transports') ? [(): Operation => ({ op: 'unregisterServer', id: this.#names.servers[i % 2]! })] : []),
    ...(i === 2 && this.#isInherited ? [(): Operation => ({ op: 'unregisterServer', id: this.#fallen })] : []),
  ];

  readonly #list: Step = () => ({ op: this.#has('transports') && this.#below(2) === 0 ? 'listTransports' : 'listServers' });

  readonly #unregister: Step = () => ({ op: 'unregisterServer', id: this.#server });

  #bind(i: number): Step {
    return () => ({ op: 'bindTransportToServer', transportId: this.#transport(i), serverId: this.#server });
  }

  #bound(i: number): Step {
    return () => ({ op: 'getServerForTransport', transportId: this.#transport(i) });
  }

  #register(i: number, op: 'registerServer' | 'registerTransport', id: string): Step {
    return () => this.#byHolder(this.clients[i]!.registration(op, id));
  }

  #draw(i: number): Step {
    return () => this.#byHolder(this.clients[i]!.draw(this.#names));
  }

  #byHolder(operation: Operation): Operation {
    return this.#holder !== undefined && (operation.op === 'registerServer' || operation.op === 'registerTransport') ? { ...operation, endpoint: this.#holder } : operation;
  }

  #transport(i: number): string {
    return this.#names.transports[i]!;
  }

  #has(...features: Mix['offered']): boolean {
    return features.every((feature) => this.mix.offered.includes(feature));
  }

  #oneOf<T>(items: readonly T[]): T {
    return items[this.#below(items.length)]!;
  }

  /** All that is left to chance is left to that of the first. */
  #below(count: number): number {
    return this.clients[0]!.below(count);
  }
}
