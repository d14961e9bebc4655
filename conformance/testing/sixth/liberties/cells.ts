import type { Adapter } from '../../../contract.js';
import type { Config, Delivery, Endpoint, ErrorCode, Namespace, Registration } from '../../../../spec/index.js';
import { everyone, handOver, idOf, isId, signalOf, type Fail } from './common.js';

/*
 * No statistics, no alarms, no admission; everything answers at once. A slot map: names live in cells, an incarnation is a cell and its
 * generation, and a reference is a number that holds both. Who is bound to a server, and what an endpoint holds, are chains of cells
 * within the columns; cells are used again at once. Configurations are whatever structuredClone can copy, which is more than JSON.
 */

class CellError extends Error {}
Object.defineProperty(CellError.prototype, 'name', { value: 'CellError' });
const fail: Fail = (code: ErrorCode, why) => Object.defineProperty(new CellError(why), 'code', { value: code });

/** What is handed to an endpoint. */
class Letter implements Delivery {
  constructor(
    readonly namespace: Namespace,
    readonly to: string,
    readonly from: string,
    readonly message: unknown,
  ) {}
}

/** What one signal keeps alive: the head of a chain of cells. */
interface House {
  readonly signal: AbortSignal;
  readonly listener: () => void;
  head: number;
}

const span = 2 ** 22;
const none = -1;

class Cells {
  readonly #index = { server: new Map<string, number>(), transport: new Map<string, number>() };
  readonly #houses = new Map<AbortSignal, House>();
  // The columns.
  readonly #namespaces: (Namespace | undefined)[] = [];
  readonly #ids: string[] = [];
  readonly #endpoints: (Endpoint | undefined)[] = [];
  readonly #configs: (Config | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #owners: (House | undefined)[] = [];
  readonly #kinNext: number[] = [];
  readonly #kinPrevious: number[] = [];
  /** Of a transport: the reference to its server, or none. Of a server: the cell of its first transport. */
  readonly #ties: number[] = [];
  readonly #tieNext: number[] = [];
  readonly #tiePrevious: number[] = [];
  readonly #free: number[] = [];
  #closed = false;

  registerServer(id: unknown, endpoint: unknown, config?: unknown): undefined {
    this.#register('server', id, endpoint, config);
  }

  registerTransport(id: unknown, endpoint: unknown, config?: unknown): undefined {
    this.#register('transport', id, endpoint, config);
  }

  unregisterServer(id: unknown): undefined {
    const cell = this.#live('server', idOf(id, fail));
    if (cell !== none) this.#vacate(cell);
  }

  unregisterTransport(id: unknown): undefined {
    const cell = this.#live('transport', idOf(id, fail));
    if (cell !== none) this.#vacate(cell);
  }

  updateServer(id: unknown, config?: unknown): undefined {
    const name = idOf(id, fail);
    const copy = this.#clone(config);
    const cell = this.#live('server', name);
    if (cell === none) throw fail('server_not_found', name);
    this.#configs[cell] = copy;
  }

  findServer(id: unknown): Registration | undefined {
    return this.#card(this.#live('server', idOf(id, fail)));
  }

  findTransport(id: unknown): Registration | undefined {
    return this.#card(this.#live('transport', idOf(id, fail)));
  }

  listServers(): Registration[] {
    return this.#list('server');
  }

  listTransports(): Registration[] {
    return this.#list('transport');
  }

  bindTransportToServer(transportId: unknown, serverId: unknown): undefined {
    const transportName = idOf(transportId, fail);
    const serverName = idOf(serverId, fail);
    const server = this.#live('server', serverName);
    if (server === none) throw fail('server_not_found', serverName);
    const transport = this.#live('transport', transportName);
    if (transport === none) throw fail('transport_not_found', transportName);
    this.#untie(transport);
    this.#tie(transport, server);
  }

  unbindTransport(transportId: unknown): undefined {
    const cell = this.#live('transport', idOf(transportId, fail));
    if (cell !== none) this.#untie(cell);
  }

  getServerForTransport(transportId: unknown): string | undefined {
    const cell = this.#live('transport', idOf(transportId, fail));
    if (cell === none || this.#ties[cell] === none) return undefined;
    const name = this.#ids[this.#ties[cell]! % span]!;
    // Its server may have just gone down: then this ends the tie.
    return this.#live('server', name) === none || this.#ties[cell] === none ? undefined : name;
  }

  routeToServer(serverId: unknown, transportId: unknown, message: unknown): number {
    const to = idOf(serverId, fail);
    const from = idOf(transportId, fail);
    const cell = this.#live('server', to);
    if (cell === none) return 0;
    handOver(this.#endpoints[cell]!, new Letter('server', to, from, message));
    return 1;
  }

  routeToTransport(transportId: unknown, serverId: unknown, message: unknown): number {
    const from = idOf(serverId, fail);
    if (transportId === everyone) return this.#broadcast(from, message);
    const to = idOf(transportId, fail);
    const cell = this.#live('transport', to);
    if (cell === none) return 0;
    handOver(this.#endpoints[cell]!, new Letter('transport', to, from, message));
    return 1;
  }

  close(): undefined {
    this.#closed = true;
    for (const house of [...this.#houses.values()]) this.#raze(house);
  }

  #register(namespace: Namespace, id: unknown, endpoint: unknown, config: unknown): void {
    const name = idOf(id, fail);
    const signal = signalOf(endpoint, fail);
    const copy = config === undefined ? undefined : this.#clone(config);
    const serverId = namespace === 'transport' && copy !== undefined && Object.hasOwn(copy, 'serverId') ? copy['serverId'] : undefined;
    if (namespace === 'transport' && copy !== undefined && Object.hasOwn(copy, 'serverId') && !isId(serverId)) throw fail('invalid_argument', 'serverId is no id');
    if (this.#closed) throw fail('registry_closed', name);
    if (signal.aborted) throw fail('endpoint_down', name);
    if (this.#live(namespace, name) !== none) throw fail('already_registered', name);

    const server = typeof serverId === 'string' ? this.#live('server', serverId) : none;
    const cell = this.#free.pop() ?? this.#ids.length;
    this.#namespaces[cell] = namespace;
    this.#ids[cell] = name;
    this.#endpoints[cell] = endpoint as Endpoint;
    this.#configs[cell] = copy;
    this.#generations[cell] ??= 1;
    this.#ties[cell] = none;
    this.#tieNext[cell] = none;
    this.#tiePrevious[cell] = none;
    this.#index[namespace].set(name, cell);
    this.#moveIn(cell, signal);
    if (server !== none) this.#tie(cell, server);
  }

  /** A copy of a configuration. */
  #clone(config: unknown): Config {
    if (config === undefined) return {};
    try {
      if (Object.prototype.toString.call(config) === '[object Object]') return structuredClone(config) as Config;
    } catch {
      // Then it is none.
    }
    throw fail('invalid_argument', 'not a configuration');
  }

  #live(namespace: Namespace, id: string): number {
    const cell = this.#index[namespace].get(id);
    if (cell === undefined) return none;
    const house = this.#owners[cell]!;
    if (!house.signal.aborted) return cell;
    this.#raze(house);
    return none;
  }

  #card(cell: number): Registration | undefined {
    if (cell === none) return undefined;
    const config = this.#configs[cell];
    return Object.assign({ id: this.#ids[cell]!, endpoint: this.#endpoints[cell]!, config: config === undefined ? {} : structuredClone(config) }, { cell, generation: this.#generations[cell]! });
  }

  #list(namespace: Namespace): Registration[] {
    const list: Registration[] = [];
    for (let cell = 0; cell < this.#ids.length; cell++) {
      if (this.#namespaces[cell] === namespace && !this.#owners[cell]!.signal.aborted) list.push(this.#card(cell)!);
    }
    return list;
  }

  #broadcast(from: string, message: unknown): number {
    const server = this.#live('server', from);
    if (server === none) return 0;
    const references: number[] = [];
    for (let cell = this.#ties[server]!; cell !== none; cell = this.#tieNext[cell]!) {
      if (!this.#owners[cell]!.signal.aborted) references.push(this.#reference(cell));
    }
    for (const reference of references) {
      const cell = reference % span;
      // Whom it was sent to may have been unbound meanwhile, and has it all the same; a new incarnation has not.
      if (this.#reference(cell) === reference) handOver(this.#endpoints[cell]!, new Letter('transport', this.#ids[cell]!, from, message));
    }
    return references.length;
  }

  #reference(cell: number): number {
    return this.#generations[cell]! * span + cell;
  }

  #tie(transport: number, server: number): void {
    this.#ties[transport] = this.#reference(server);
    const first = this.#ties[server]!;
    this.#tieNext[transport] = first;
    this.#tiePrevious[transport] = none;
    if (first !== none) this.#tiePrevious[first] = transport;
    this.#ties[server] = transport;
  }

  #untie(transport: number): void {
    const reference = this.#ties[transport]!;
    if (reference === none) return;
    const [previous, next] = [this.#tiePrevious[transport]!, this.#tieNext[transport]!];
    if (previous === none) this.#ties[reference % span] = next;
    else this.#tieNext[previous] = next;
    if (next !== none) this.#tiePrevious[next] = previous;
    this.#ties[transport] = none;
    this.#tieNext[transport] = none;
    this.#tiePrevious[transport] = none;
  }

  #moveIn(cell: number, signal: AbortSignal): void {
    let house = this.#houses.get(signal);
    if (house === undefined) {
      const built: House = { signal, head: none, listener: () => this.#raze(built) };
      house = built;
      this.#houses.set(signal, house);
      signal.addEventListener('abort', house.listener, { capture: true });
    }
    this.#owners[cell] = house;
    this.#kinPrevious[cell] = none;
    this.#kinNext[cell] = house.head;
    if (house.head !== none) this.#kinPrevious[house.head] = cell;
    house.head = cell;
  }

  #raze(house: House): void {
    while (house.head !== none) this.#vacate(house.head);
  }

  #vacate(cell: number): void {
    const namespace = this.#namespaces[cell]!;
    this.#index[namespace].delete(this.#ids[cell]!);
    if (namespace === 'transport') this.#untie(cell);
    else while (this.#ties[cell] !== none) this.#untie(this.#ties[cell]!);

    const house = this.#owners[cell]!;
    const [previous, next] = [this.#kinPrevious[cell]!, this.#kinNext[cell]!];
    if (previous === none) house.head = next;
    else this.#kinNext[previous] = next;
    if (next !== none) this.#kinPrevious[next] = previous;
    if (house.head === none) {
      house.signal.removeEventListener('abort', house.listener, { capture: true });
      this.#houses.delete(house.signal);
    }

    this.#namespaces[cell] = undefined;
    this.#ids[cell] = '';
    this.#endpoints[cell] = undefined;
    this.#configs[cell] = undefined;
    this.#owners[cell] = undefined;
    this.#generations[cell]!++;
    this.#free.push(cell);
  }
}

export const cells: Adapter = {
  name: 'liberties: cells (slot map with generations, no statistics, answers at once)',
  features: ['virtual-time'],
  sla: { 'SLA-10': 4 },
  open: () => Promise.resolve(new Cells()),
};
