import { homeOf, renamings, symmetryOf, type Renamed, type Renaming } from './symmetry.js';
import { firstOwnFlag, flags as flag, type Emit, type Slot, type Slots, type Symmetry, type System } from './system.js';

/** How many there are of everything. */
export interface ProtocolSize {
  readonly partitions: number;
  readonly servers: number;
  readonly transports: number;
  readonly endpoints: number;
  readonly clients: number;
}

/** How a registry is built, as far as that matters when calls overlap. What is left out is as in ours. */
export interface ProtocolDesign {
  /** A lane for the writes of each partition, or one for all. */
  readonly lanes?: 'one a partition' | 'one';
  /** Reads look at memory, or stand in line. */
  readonly reads?: 'at once' | 'in the lane';
  /** What is held while an endpoint's `send` runs, which may call back. */
  readonly delivery?: 'holding nothing' | 'holding the lane';
  /** Which lanes a bind takes: that of the transport; or that of the server as well, after it or in the order of partitions. */
  readonly bind?: 'one lane' | 'two lanes' | 'two lanes in order';
  /** Whether a bind that has been committed looks again at what it ties. */
  readonly recheck?: 'at commit' | 'never';
  /** Where a registration looks whether the name is free. */
  readonly check?: 'in the lane' | 'before the lane';
  /** Who has the lane next. */
  readonly turn?: 'first come' | 'anybody';
  /** What a refused write does with its lane. */
  readonly refusal?: 'leaves the lane' | 'keeps the lane';
  /** What the news that an endpoint is down finds: all of its names at once; or later, each by its incarnation or by its name. */
  readonly down?: 'at once' | 'late, by incarnation' | 'late, by name';
  /** What becomes of a registration whose endpoint goes down while it is committed. */
  readonly overtaken?: 'undone' | 'kept';
  /** When the bindings of a server that is unregistered end. */
  readonly cascade?: 'with the name' | 'before the name' | 'after the name';
  /** What takes a name that went down out of the store: before the lane's next write, or whenever it has its turn, by key. */
  readonly forget?: 'next in the lane' | 'in its turn, by key';
}

export const protocolFlags = {
  /** A registration took a name that was held. */
  takesHeld: firstOwnFlag,
  /** News of one incarnation removed another. */
  removesOther: firstOwnFlag * 2,
  /** A bind tied an incarnation that it had not found. */
  tiesOther: firstOwnFlag * 4,
  /** A read had to stand in line behind somebody. */
  readWaits: firstOwnFlag * 8,
  /** A write was refused, or undone, when it had been committed. */
  overtaken: firstOwnFlag * 16,
} as const;

/** Where a client is. */
export const pc = { idle: 0, waits: 1, reads: 2, commits: 3, amends: 4, cascades: 5, waitsForSecond: 6, delivers: 7 } as const;
const pcs = Object.values(pc).length;

type Kind = 'registerServer' | 'unregisterServer' | 'updateServer' | 'registerTransport' | 'unregisterTransport' | 'bind' | 'unbind' | 'read' | 'route';

/** An operation, and the lanes that it takes one after the other; `second` is -1 if it takes one. */
export interface ProtocolOperation {
  readonly kind: Kind;
  readonly server: number;
  readonly transport: number;
  readonly endpoint: number;
  readonly first: number;
  readonly second: number;
}

const types = ['call', 'enter', 'read', 'commit', 'amend', 'cascade', 'enterSecond', 'return', 'lookUp', 'route', 'down', 'renew', 'notice', 'forget'] as const;
type ActionType = (typeof types)[number];

const alive = { entry: 1, server: 2 } as const;

/** Of one client. */
const field = { pc: 0, op: 1, lane: 2, place: 3, alive: 4, frame: 5 } as const;
const fields = Object.values(field).length;

/**
 * The same operations, taken apart into the steps of an implementation with a lane for each partition, a store behind it and
 * clients whose steps interleave in every way. An *incarnation* needs no number: whoever holds on to one has a bit that says whether
 * it is still the one that is registered.
 *
 * Admission and windows are left out (they make some registrations be refused, which the steps do anyway).
 *
 * `partialOrder` leaves out interleavings of steps that nobody else can notice: what a waiting client wants is chosen when it has
 * the lane (until then nothing depends on it), and a delivery during which nothing is held is over at once.
 */
export class ProtocolSystem implements System {
  readonly slots: readonly Slot[];
  readonly initial: Slots;
  readonly next: Slots;
  readonly operations: readonly (ProtocolOperation | undefined)[];
  readonly symmetries: readonly Symmetry[];
  readonly fairSymmetries: readonly Symmetry[];
  readonly at: { readonly servers: number; readonly transports: number; readonly stored: number; readonly notices: number; readonly forgets: number; readonly leaked: number; readonly clients: number };
  readonly lanes: number;
  readonly #design: Required<ProtocolDesign>;
  readonly #late: boolean;
  readonly #arguments: number;
  readonly #opsOfLane: readonly (readonly number[])[];

  constructor(
    readonly size: ProtocolSize,
    design: ProtocolDesign = {},
    { partialOrder = true }: { readonly partialOrder?: boolean } = {},
  ) {
    const { partitions: P, servers: S, transports: T, endpoints: E, clients: K } = size;
    this.#design = {
      lanes: 'one a partition', reads: 'at once', delivery: 'holding nothing', bind: 'one lane', recheck: 'at commit', check: 'in the lane', turn: 'first come',
      refusal: 'leaves the lane', down: 'at once', overtaken: 'undone', cascade: 'with the name', forget: 'next in the lane', ...design,
    };
    // A choice that is seen before the lane is entered cannot be put off until then.
    this.#late = partialOrder && this.#design.reads === 'at once' && this.#design.check === 'in the lane';
    this.#quiet = partialOrder;
    this.lanes = this.#design.lanes === 'one' ? 1 : P;
    this.operations = this.#makeOperations();
    this.#opsOfLane = Array.from({ length: this.lanes }, (_, lane) => this.operations.flatMap((operation, number) => (operation?.first === lane ? [number] : [])));
    this.#arguments = Math.max(this.operations.length, this.lanes, S + T, E);
    const names = S + T;
    const many = (count: number, name: string, values: number): Slot[] => Array.from({ length: count }, (_, i) => ({ name: `${name} ${i + 1}`, values }));
    const servers = E;
    const transports = servers + S;
    const stored = transports + T;
    const notices = stored + names;
    const forgets = notices + (this.#isLate() ? names : 0);
    const leaked = forgets + (this.#design.forget === 'in its turn, by key' ? names : 0);
    const clients = leaked + (this.#design.refusal === 'keeps the lane' ? this.lanes : 0);
    this.at = { servers, transports, stored, notices, forgets, leaked, clients };
    this.slots = [
      ...many(E, 'endpoint', 2),
      ...many(S, 'server', 1 + E),
      ...many(T, 'transport', 1 + E * (S + 1)),
      ...many(names, 'stored', 3),
      ...many(forgets - notices, 'notice', 3),
      ...many(leaked - forgets, 'forget', 2),
      ...many(clients - leaked, 'leaked', 2),
      ...Array.from({ length: K }, () => [
        { name: 'pc', values: pcs },
        { name: 'op', values: this.operations.length },
        { name: 'lane', values: 1 + this.lanes }, // 0: none
        { name: 'place', values: K },
        { name: 'alive', values: 4 },
        { name: 'frame', values: 2 + this.lanes },
      ]).flat(),
    ];
    this.initial = new Uint8Array(this.slots.length);
    this.next = new Uint8Array(this.slots.length);
    const symmetries = (ofClients: boolean): Symmetry[] =>
      renamings({ ...size, partitions: this.lanes === 1 ? 1 : P }, { ofClients }).map((renaming) => symmetryOf(this.slots, renaming, this.#renamed));
    this.symmetries = symmetries(true).filter((symmetry) => this.#keepsOperations(symmetry));
    // Each client is owed its own steps, so clients stay apart.
    this.fairSymmetries = symmetries(false).filter((symmetry) => this.#keepsOperations(symmetry));
  }

  readonly #quiet: boolean;

  isDown(state: Slots, endpoint: number): boolean {
    return state[endpoint] === 1;
  }

  holderOfServer(state: Slots, server: number): number {
    return state[this.at.servers + server]! - 1;
  }

  holderOfTransport(state: Slots, transport: number): number {
    const code = state[this.at.transports + transport]!;
    return code === 0 ? -1 : Math.floor((code - 1) / (this.size.servers + 1));
  }

  bindingOf(state: Slots, transport: number): number {
    const code = state[this.at.transports + transport]!;
    return code === 0 ? -1 : ((code - 1) % (this.size.servers + 1)) - 1;
  }

  /** Whether a name is registered: servers first, then transports. */
  isHeld(state: Slots, name: number): boolean {
    return state[this.at.servers + name] !== 0;
  }

  /** What the store holds of a name: nothing, the record of who is registered, or a record of somebody who is not. */
  storedOf(state: Slots, name: number): 'nothing' | 'current' | 'stale' {
    return (['nothing', 'current', 'stale'] as const)[state[this.at.stored + name]!]!;
  }

  /** Whether news that the holder, or a former one, is down is on its way to a name. */
  noticeOf(state: Slots, name: number): 'none' | 'of the holder' | 'of a former one' {
    return this.#isLate() ? (['none', 'of the holder', 'of a former one'] as const)[state[this.at.notices + name]!]! : 'none';
  }

  isForgetting(state: Slots, name: number): boolean {
    return this.#design.forget === 'in its turn, by key' && state[this.at.forgets + name] === 1;
  }

  pcOf(state: Slots, client: number): number {
    return state[this.#field(client, field.pc)]!;
  }

  /** The operation that a client is busy with, if that has been decided. */
  operationOf(state: Slots, client: number): ProtocolOperation | undefined {
    return this.operations[state[this.#field(client, field.op)]!];
  }

  isWaiting(state: Slots, client: number): boolean {
    const at = this.pcOf(state, client);
    return at === pc.waits || at === pc.waitsForSecond;
  }

  /** The lane that a waiting client waits for. */
  laneOf(state: Slots, client: number): number {
    return state[this.#field(client, field.lane)]! - 1;
  }

  /** Whether a client holds a lane. */
  holds(state: Slots, client: number, lane: number): boolean {
    const base = this.at.clients + client * fields;
    if (state[base + field.frame]! >= 2 && state[base + field.frame]! - 2 === lane) return true;
    const operation = this.operations[state[base + field.op]!];
    if (operation === undefined) return false;
    switch (state[base + field.pc]) {
      case pc.reads:
      case pc.commits:
      case pc.amends:
      case pc.cascades:
        return operation.first === lane || operation.second === lane;
      case pc.waitsForSecond:
        return operation.first === lane;
      case pc.delivers:
        return this.#design.delivery === 'holding the lane' && operation.first === lane;
      default:
        return false;
    }
  }

  /** The client that holds a lane; -1: nobody. */
  holderOf(state: Slots, lane: number): number {
    for (let c = 0; c < this.size.clients; c++) if (this.holds(state, c, lane)) return c;
    return -1;
  }

  /** The clients of a circular wait, if there is one. */
  circularWait(state: Slots): number[] {
    for (let first = 0; first < this.size.clients; first++) {
      const cycle: number[] = [];
      let client = first;
      while (client >= 0 && this.isWaiting(state, client) && cycle.length <= this.size.clients) {
        cycle.push(client);
        client = this.holderOf(state, this.laneOf(state, client));
        if (client === first) return cycle;
      }
    }
    return [];
  }

  /** Whether two states differ in what can be looked up. */
  looksTheSame(a: Slots, b: Slots): boolean {
    for (let i = 0; i < this.at.stored; i++) if (a[i] !== b[i]) return false;
    return true;
  }

  expand(state: Slots, emit: Emit): void {
    for (let c = 0; c < this.size.clients; c++) this.#expandClient(state, c, emit);
    this.#expandSurroundings(state, emit);
  }

  fairnessOf(action: number): number {
    const { type, client } = this.#decode(action);
    return ['enter', 'read', 'commit', 'amend', 'cascade', 'enterSecond', 'return'].includes(type) ? client : -1;
  }

  showAction(action: number, before: Slots): string {
    const { type, client, argument } = this.#decode(action);
    const who = `client ${client + 1}`;
    const doing = type === 'enter' || (type === 'call' && !this.#late) ? this.operations[argument] : this.operationOf(before, client);
    const what = doing === undefined ? '' : showOperation(doing);
    switch (type) {
      case 'call': {
        const from = this.pcOf(before, client) === pc.delivers ? `the endpoint that ${who} delivers to calls back` : `${who} calls`;
        return this.#late ? `${from}: a write of partition ${argument}` : `${from} ${what}`;
      }
      case 'enter': return `${who} enters lane ${doing!.first}: ${what}`;
      case 'enterSecond': return `${who} enters lane ${doing!.second} as well: ${what}`;
      case 'read': return `${who} reads the other partition: ${what}`;
      case 'commit': return `${who} commits and leaves the lane: ${what}`;
      case 'amend': return `${who} undoes it in the store and leaves the lane: ${what}`;
      case 'cascade': return `${who} ends the bindings: ${what}`;
      case 'return': return `the delivery of ${who} returns`;
      case 'lookUp': return `${who} looks something up`;
      case 'route': return `${who} routes a message, and its endpoint runs`;
      case 'down': return `e${argument + 1} goes down`;
      case 'renew': return `a new endpoint takes the place of e${argument + 1}`;
      case 'notice': return `the news that an endpoint of ${this.#showName(argument)} went down arrives`;
      case 'forget': return `${this.#showName(argument)} is taken out of the store`;
    }
  }

  showState(state: Slots): string[] {
    const { servers, transports, endpoints, clients } = this.size;
    const lines: string[] = [];
    for (let s = 0; s < servers; s++) if (this.isHeld(state, s)) lines.push(`server s${s + 1} → e${this.holderOfServer(state, s) + 1}`);
    for (let t = 0; t < transports; t++) {
      if (!this.isHeld(state, servers + t)) continue;
      const bound = this.bindingOf(state, t);
      lines.push(`transport t${t + 1} → e${this.holderOfTransport(state, t) + 1}${bound < 0 ? '' : `, bound to s${bound + 1}`}`);
    }
    for (let name = 0; name < servers + transports; name++) {
      const stored = this.storedOf(state, name);
      if (stored === 'stale' || (stored === 'current') !== this.isHeld(state, name)) {
        lines.push(stored === 'nothing' ? `${this.#showName(name)} is not in the store` : `the store holds a record of ${this.#showName(name)} that is not of its holder`);
      }
      if (this.noticeOf(state, name) !== 'none') lines.push(`on its way to ${this.#showName(name)}: news of the end ${this.noticeOf(state, name)}`);
      if (this.isForgetting(state, name)) lines.push(`waiting in the lane: to take ${this.#showName(name)} out of the store`);
    }
    for (let e = 0; e < endpoints; e++) if (this.isDown(state, e)) lines.push(`e${e + 1} is down`);
    for (let lane = 0; lane < this.lanes; lane++) if (this.#isLeaked(state, lane)) lines.push(`lane ${lane} was never given back`);
    for (let c = 0; c < clients; c++) if (this.pcOf(state, c) !== pc.idle) lines.push(this.#showClient(state, c));
    return lines;
  }

  #showClient(state: Slots, client: number): string {
    const held = Array.from({ length: this.lanes }, (_, lane) => lane).filter((lane) => this.holds(state, client, lane));
    const holding = held.length === 0 ? '' : `holds lane ${held.join(' and ')}`;
    const operation = this.operationOf(state, client);
    const what = operation === undefined ? '' : `, ${showOperation(operation)}`;
    if (this.isWaiting(state, client)) {
      const lane = this.laneOf(state, client);
      const holder = this.holderOf(state, lane);
      return `client ${client + 1} ${holding && `${holding}, `}waits for lane ${lane}${holder < 0 ? '' : holder === client ? ', which it holds itself' : `, which client ${holder + 1} holds`}${what}`;
    }
    const at = this.pcOf(state, client);
    const doing = at === pc.delivers ? 'delivers' : at === pc.reads ? 'looks' : at === pc.cascades ? 'ends bindings' : at === pc.amends ? 'undoes' : 'commits';
    return `client ${client + 1} ${holding && `${holding}, `}${doing}${what}`;
  }

  #showName(name: number): string {
    return name < this.size.servers ? `server s${name + 1}` : `transport t${name - this.size.servers + 1}`;
  }

  #isLate(): boolean {
    return this.#design.down !== 'at once';
  }

  #isLeaked(state: Slots, lane: number): boolean {
    return this.#design.refusal === 'keeps the lane' && state[this.at.leaked + lane] === 1;
  }

  #isFree(state: Slots, lane: number): boolean {
    return !this.#isLeaked(state, lane) && this.holderOf(state, lane) < 0;
  }

  #field(client: number, name: number): number {
    return this.at.clients + client * fields + name;
  }

  // Steps of a client

  #expandClient(state: Slots, c: number, emit: Emit): void {
    const base = this.at.clients + c * fields;
    switch (state[base]) {
      case pc.idle:
        this.#call(state, c, emit, 0);
        if (this.#design.reads === 'at once') {
          this.next.set(state);
          emit(this.#action('lookUp', c, 0), 0);
        }
        if (!this.#quiet && this.#design.delivery === 'holding nothing') {
          this.next.set(state);
          this.next[base] = pc.delivers;
          emit(this.#action('route', c, 0), 0);
        }
        return;
      case pc.delivers:
        this.#return(state, c, emit);
        this.#call(state, c, emit, this.#design.delivery === 'holding the lane' ? 2 + this.operations[state[base + field.op]!]!.first : 1);
        return;
      case pc.waits:
        this.#enter(state, c, emit);
        return;
      case pc.waitsForSecond:
        this.#enterSecond(state, c, emit);
        return;
      case pc.reads:
        this.#readOther(state, c, emit);
        return;
      case pc.commits:
        this.#commit(state, c, emit);
        return;
      case pc.amends:
        this.#amend(state, c, emit);
        return;
      case pc.cascades:
        this.#cascade(state, c, emit);
        return;
    }
  }

  /** A client calls, or what it delivers to calls back: `frame` says what is held meanwhile. */
  #call(state: Slots, c: number, emit: Emit, frame: number): void {
    const { next } = this;
    const base = this.at.clients + c * fields;
    const goesOn = frame === 0 ? 0 : flag.progress;
    const queue = (lane: number, operation: number): void => {
      next.set(state);
      next[base] = pc.waits;
      next[base + field.op] = operation;
      next[base + field.lane] = 1 + lane;
      next[base + field.place] = this.#queueLength(state, lane);
      next[base + field.frame] = frame;
    };
    if (this.#late) {
      for (let lane = 0; lane < this.lanes; lane++) {
        if (this.#opsOfLane[lane]!.length === 0) continue;
        queue(lane, 0);
        emit(this.#action('call', c, lane), goesOn);
      }
      return;
    }
    for (let number = 1; number < this.operations.length; number++) {
      const operation = this.operations[number]!;
      // No callbacks within callbacks: one is enough to wait in a circle.
      if (frame !== 0 && operation.kind === 'route') continue;
      queue(operation.first, number);
      const waits = operation.kind === 'read' && (this.holderOf(state, operation.first) >= 0 || next[base + field.place]! > 0) ? protocolFlags.readWaits : 0;
      if (this.#design.check === 'before the lane' && isRegistration(operation) && this.isHeld(state, this.#nameOf(operation))) {
        if (frame === 0) {
          next.set(state);
          emit(this.#action('call', c, number), flag.refused);
        }
        continue;
      }
      emit(this.#action('call', c, number), goesOn | waits);
    }
  }

  #queueLength(state: Slots, lane: number): number {
    if (this.#design.turn === 'anybody') return 0;
    let length = 0;
    for (let c = 0; c < this.size.clients; c++) if (this.isWaiting(state, c) && this.laneOf(state, c) === lane) length++;
    return length;
  }

  /** Takes a client out of the line of its lane, in `next`. */
  #leaveLine(next: Slots, c: number): void {
    const base = this.at.clients + c * fields;
    const lane = next[base + field.lane]!;
    const place = next[base + field.place]!;
    next[base + field.lane] = 0;
    next[base + field.place] = 0;
    if (this.#design.turn === 'anybody') return;
    for (let other = 0; other < this.size.clients; other++) {
      const at = this.at.clients + other * fields;
      if (other !== c && this.isWaiting(next, other) && next[at + field.lane] === lane && next[at + field.place]! > place) next[at + field.place]!--;
    }
  }

  #enter(state: Slots, c: number, emit: Emit): void {
    const { next } = this;
    const base = this.at.clients + c * fields;
    const lane = this.laneOf(state, c);
    if (state[base + field.place] !== 0 || !this.#isFree(state, lane)) return;
    const wanted = state[base + field.op]!;
    for (const number of wanted === 0 ? this.#opsOfLane[lane]! : [wanted]) {
      const operation = this.operations[number]!;
      if (state[base + field.frame] !== 0 && operation.kind === 'route') continue;
      next.set(state);
      this.#leaveLine(next, c);
      next[base + field.op] = number;
      emit(this.#action('enter', c, number), flag.progress | this.#begin(next, c, operation));
    }
  }

  /** At its turn: decides what to commit. Gives the flags. */
  #begin(next: Slots, c: number, operation: ProtocolOperation): number {
    const base = this.at.clients + c * fields;
    const held = this.isHeld(next, this.#nameOf(operation));
    switch (operation.kind) {
      case 'registerServer':
      case 'registerTransport':
        if (this.isDown(next, operation.endpoint) || (held && this.#design.check === 'in the lane')) return this.#refuse(next, c);
        next[base] = pc.commits;
        return 0;
      case 'unregisterServer':
        if (!held) return this.#finish(next, c);
        next[base] = pc.commits;
        next[base + field.alive] = alive.entry;
        if (this.#design.cascade === 'before the name') this.#endBindings(next, operation.server);
        return 0;
      case 'updateServer':
        if (!held) return this.#refuse(next, c);
        next[base] = pc.commits;
        next[base + field.alive] = alive.entry;
        return 0;
      case 'unregisterTransport':
        if (!held) return this.#finish(next, c);
        next[base] = pc.commits;
        next[base + field.alive] = alive.entry;
        return 0;
      case 'unbind':
        if (this.bindingOf(next, operation.transport) < 0) return this.#finish(next, c);
        next[base] = pc.commits;
        next[base + field.alive] = alive.entry;
        return 0;
      case 'bind':
        if (operation.second < 0 || operation.second === operation.first) {
          next[base] = pc.reads;
          return 0;
        }
        next[base] = pc.reads; // Not in a line, while the line is counted.
        next[base + field.place] = this.#queueLength(next, operation.second);
        next[base + field.lane] = 1 + operation.second;
        next[base] = pc.waitsForSecond;
        return 0;
      case 'read':
        return this.#finish(next, c);
      case 'route':
        next[base] = pc.delivers;
        return 0;
    }
  }

  #enterSecond(state: Slots, c: number, emit: Emit): void {
    const { next } = this;
    const base = this.at.clients + c * fields;
    if (state[base + field.place] !== 0 || !this.#isFree(state, this.laneOf(state, c))) return;
    next.set(state);
    this.#leaveLine(next, c);
    next[base] = pc.reads;
    emit(this.#action('enterSecond', c, 0), flag.progress);
  }

  #readOther(state: Slots, c: number, emit: Emit): void {
    const { next } = this;
    const base = this.at.clients + c * fields;
    const { server, transport } = this.operationOf(state, c)!;
    next.set(state);
    let flags = 0;
    if (!this.isHeld(next, server) || !this.isHeld(next, this.size.servers + transport)) flags = this.#refuse(next, c);
    else {
      next[base] = pc.commits;
      next[base + field.alive] = alive.entry | alive.server;
    }
    emit(this.#action('read', c, 0), flag.progress | flags);
  }

  #commit(state: Slots, c: number, emit: Emit): void {
    const { next } = this;
    next.set(state);
    emit(this.#action('commit', c, 0), flag.progress | this.#apply(next, c, this.operationOf(state, c)!));
  }

  /** The store has taken it: makes it visible, or finds that it may not be any more. Gives the flags. */
  #apply(next: Slots, c: number, operation: ProtocolOperation): number {
    const base = this.at.clients + c * fields;
    const name = this.#nameOf(operation);
    const living = next[base + field.alive]!;
    switch (operation.kind) {
      case 'registerServer':
      case 'registerTransport': {
        const takes = this.isHeld(next, name) ? protocolFlags.takesHeld : 0;
        if (this.isDown(next, operation.endpoint) && this.#design.overtaken === 'undone') {
          next[this.at.stored + name] = 2;
          next[base] = pc.amends;
          return protocolFlags.overtaken;
        }
        if (takes) this.#loseTrack(next, name);
        next[this.at.stored + name] = 1;
        this.#insert(next, operation);
        return takes | this.#finish(next, c);
      }
      case 'unregisterServer':
      case 'unregisterTransport':
        next[this.at.stored + name] = 0;
        if (living & alive.entry) {
          this.#remove(next, name, this.#design.cascade === 'with the name' || operation.kind === 'unregisterTransport');
          if (this.#design.cascade === 'after the name' && operation.kind === 'unregisterServer') {
            next[base] = pc.cascades;
            return 0;
          }
        }
        return this.#finish(next, c);
      case 'updateServer':
        if (living & alive.entry) {
          next[this.at.stored + name] = 1;
          return this.#finish(next, c);
        }
        next[this.at.stored + name] = 2;
        return protocolFlags.overtaken | this.#refuse(next, c);
      case 'unbind':
        next[this.at.stored + name] = living & alive.entry ? 1 : 2;
        if (living & alive.entry) this.#bind(next, operation.transport, -1);
        return this.#finish(next, c);
      case 'bind':
        next[this.at.stored + name] = living & alive.entry ? 1 : 2;
        if (!(living & alive.entry)) return protocolFlags.overtaken | this.#refuse(next, c);
        if (this.#design.recheck === 'at commit' && !(living & alive.server)) {
          next[base] = pc.amends;
          return protocolFlags.overtaken;
        }
        this.#bind(next, operation.transport, operation.server);
        return (living & alive.server ? 0 : protocolFlags.tiesOther) | this.#finish(next, c);
      default:
        throw new Error(`${operation.kind} commits nothing`);
    }
  }

  #amend(state: Slots, c: number, emit: Emit): void {
    const { next } = this;
    const operation = this.operationOf(state, c)!;
    next.set(state);
    const name = this.#nameOf(operation);
    // A registration is taken out of the store again; a bind restates what there is, which may have gone by now.
    if (isRegistration(operation)) next[this.at.stored + name] = 0;
    else next[this.at.stored + name] = state[this.#field(c, field.alive)]! & alive.entry ? 1 : 2;
    emit(this.#action('amend', c, 0), flag.progress | this.#refuse(next, c));
  }

  #cascade(state: Slots, c: number, emit: Emit): void {
    const { next } = this;
    next.set(state);
    this.#endBindings(next, this.operationOf(state, c)!.server);
    emit(this.#action('cascade', c, 0), flag.progress | this.#finish(next, c));
  }

  #return(state: Slots, c: number, emit: Emit): void {
    const { next } = this;
    next.set(state);
    this.#finish(next, c);
    emit(this.#action('return', c, 0), flag.progress);
  }

  #refuse(next: Slots, c: number): number {
    if (this.#design.refusal === 'keeps the lane') {
      const { first } = this.operationOf(next, c)!;
      this.#finish(next, c);
      next[this.at.leaked + first] = 1;
      return flag.refused;
    }
    return flag.refused | this.#finish(next, c);
  }

  /** The operation is over, and the delivery from which it was called. What went down meanwhile leaves the store now. */
  #finish(next: Slots, c: number): number {
    const base = this.at.clients + c * fields;
    for (let i = 0; i < fields; i++) next[base + i] = 0;
    if (this.#design.forget === 'next in the lane') {
      for (let name = 0; name < this.size.servers + this.size.transports; name++) {
        if (next[this.at.stored + name] === 2 && this.#isFree(next, this.#homeOf(name))) next[this.at.stored + name] = 0;
      }
    }
    return 0;
  }

  // Names

  #insert(next: Slots, { kind, server, transport, endpoint }: ProtocolOperation): void {
    if (kind === 'registerServer') {
      next[this.at.servers + server] = 1 + endpoint;
      return;
    }
    const bound = server >= 0 && this.isHeld(next, server) ? server : -1;
    next[this.at.transports + transport] = 1 + endpoint * (this.size.servers + 1) + bound + 1;
  }

  #bind(next: Slots, transport: number, server: number): void {
    next[this.at.transports + transport] = 1 + this.holderOfTransport(next, transport) * (this.size.servers + 1) + server + 1;
  }

  #endBindings(next: Slots, server: number): void {
    for (let t = 0; t < this.size.transports; t++) if (this.bindingOf(next, t) === server) this.#bind(next, t, -1);
  }

  /** An incarnation ends. */
  #remove(next: Slots, name: number, cascade = true): void {
    next[this.at.servers + name] = 0;
    this.#loseTrack(next, name);
    if (cascade && name < this.size.servers) this.#endBindings(next, name);
  }

  /** Whoever holds on to this incarnation holds on to nothing from now on; news of its end comes too late. */
  #loseTrack(next: Slots, name: number): void {
    for (let c = 0; c < this.size.clients; c++) {
      const base = this.at.clients + c * fields;
      const operation = this.operations[next[base + field.op]!];
      if (operation === undefined || next[base + field.alive] === 0) continue;
      if (this.#nameOf(operation) === name) next[base + field.alive]! &= ~alive.entry;
      if (operation.kind === 'bind' && operation.server === name) next[base + field.alive]! &= ~alive.server;
    }
    if (this.#isLate() && next[this.at.notices + name] === 1) next[this.at.notices + name] = 2;
  }

  // What happens around the clients

  #expandSurroundings(state: Slots, emit: Emit): void {
    const { next } = this;
    const { endpoints, servers, transports } = this.size;
    for (let e = 0; e < endpoints; e++) {
      if (!this.isDown(state, e)) {
        next.set(state);
        this.#down(next, e);
        emit(this.#action('down', 0, e), 0);
      } else if (!this.#isMentioned(state, e)) {
        next.set(state);
        next[e] = 0;
        emit(this.#action('renew', 0, e), 0);
      }
    }
    for (let name = 0; name < servers + transports; name++) {
      if (this.#isLate() && state[this.at.notices + name] !== 0) {
        next.set(state);
        emit(this.#action('notice', 0, name), this.#notice(next, name));
      }
      if (this.isForgetting(state, name) && this.#isFree(state, this.#homeOf(name))) {
        next.set(state);
        next[this.at.forgets + name] = 0;
        next[this.at.stored + name] = 0;
        emit(this.#action('forget', 0, name), 0);
      }
    }
  }

  #down(next: Slots, endpoint: number): void {
    next[endpoint] = 1;
    const { servers, transports } = this.size;
    for (let name = 0; name < servers + transports; name++) {
      const holder = name < servers ? this.holderOfServer(next, name) : this.holderOfTransport(next, name - servers);
      if (holder !== endpoint) continue;
      if (this.#isLate()) next[this.at.notices + name] = 1;
      else this.#goDown(next, name);
    }
  }

  #notice(next: Slots, name: number): number {
    const ofHolder = next[this.at.notices + name] === 1;
    next[this.at.notices + name] = 0;
    if (!this.isHeld(next, name) || (!ofHolder && this.#design.down === 'late, by incarnation')) return 0;
    this.#goDown(next, name);
    return ofHolder ? 0 : protocolFlags.removesOther;
  }

  /** A name whose holder is down goes at once, whoever has its lane; its record in the store has to wait for the lane. */
  #goDown(next: Slots, name: number): void {
    this.#remove(next, name);
    if (this.#design.forget === 'in its turn, by key') {
      next[this.at.forgets + name] = 1;
      if (next[this.at.stored + name] === 1) next[this.at.stored + name] = 2;
    } else if (next[this.at.stored + name] === 1) next[this.at.stored + name] = this.#isFree(next, this.#homeOf(name)) ? 0 : 2;
  }

  /** Whether anything still stands for this endpoint and not for one that would take its place. */
  #isMentioned(state: Slots, endpoint: number): boolean {
    for (let s = 0; s < this.size.servers; s++) if (this.holderOfServer(state, s) === endpoint) return true;
    for (let t = 0; t < this.size.transports; t++) if (this.holderOfTransport(state, t) === endpoint) return true;
    for (let c = 0; c < this.size.clients; c++) {
      const at = this.pcOf(state, c);
      if ((at === pc.commits || at === pc.amends) && this.operationOf(state, c)!.endpoint === endpoint) return true;
    }
    return false;
  }

  // Numbers

  #nameOf({ kind, server, transport }: ProtocolOperation): number {
    return kind === 'registerServer' || kind === 'unregisterServer' || kind === 'updateServer' ? server : this.size.servers + transport;
  }

  #homeOf(name: number): number {
    return homeOf(name, this.lanes);
  }

  #action(type: ActionType, client: number, argument: number): number {
    return (types.indexOf(type) * this.size.clients + client) * this.#arguments + argument;
  }

  #decode(action: number): { type: ActionType; client: number; argument: number } {
    const rest = Math.floor(action / this.#arguments);
    return { type: types[Math.floor(rest / this.size.clients)]!, client: rest % this.size.clients, argument: action % this.#arguments };
  }

  /** All operations, from number 1 on. */
  #makeOperations(): (ProtocolOperation | undefined)[] {
    const { servers: S, transports: T, endpoints: E } = this.size;
    const list: (ProtocolOperation | undefined)[] = [undefined];
    const add = (kind: Kind, first: number, more: Partial<ProtocolOperation> = {}): void =>
      void list.push({ kind, server: -1, transport: -1, endpoint: -1, second: -1, first, ...more });
    const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => i + from);
    for (const server of range(S)) {
      const home = homeOf(server, this.lanes);
      for (const endpoint of range(E)) add('registerServer', home, { server, endpoint });
      add('unregisterServer', home, { server });
      add('updateServer', home, { server });
    }
    for (const transport of range(T)) {
      const home = homeOf(S + transport, this.lanes);
      for (const endpoint of range(E)) for (const server of range(S + 1, -1)) add('registerTransport', home, { transport, endpoint, server });
      add('unregisterTransport', home, { transport });
      add('unbind', home, { transport });
      for (const server of range(S)) {
        const other = homeOf(server, this.lanes);
        if (this.#design.bind === 'one lane') add('bind', home, { transport, server });
        else if (this.#design.bind === 'two lanes') add('bind', home, { transport, server, second: other });
        else add('bind', Math.min(home, other), { transport, server, second: Math.max(home, other) });
      }
    }
    for (const lane of range(this.lanes)) {
      if (this.#design.reads === 'in the lane') add('read', lane);
      if (this.#design.delivery === 'holding the lane') add('route', lane);
    }
    return list;
  }

  /** Lanes that are taken in the order of partitions tell partitions apart. */
  #keepsOperations(symmetry: Symmetry): boolean {
    const op = symmetry.value[this.at.clients + field.op]!;
    return op.every((to) => to < this.operations.length);
  }

  readonly #renamed: Renamed = (slot, renaming: Renaming) => {
    const { partitions, servers, transports, endpoints, clients } = renaming;
    const { size, at } = this;
    const same = (value: number): number => value;
    const names = size.servers + size.transports;
    const nameTo = (name: number): number => (name < size.servers ? servers[name]! : size.servers + transports[name - size.servers]!);
    const endpointTo = (endpoint: number): number => (endpoint < 0 ? -1 : endpoints[endpoint]!);
    const serverTo = (server: number): number => (server < 0 ? -1 : servers[server]!);
    const laneTo = (lane: number): number => (lane < 0 || this.lanes === 1 ? lane : partitions[lane]!);
    const transportCode = (code: number): number => {
      if (code === 0) return 0;
      const width = size.servers + 1;
      return 1 + endpoints[Math.floor((code - 1) / width)]! * width + serverTo(((code - 1) % width) - 1) + 1;
    };
    const operationTo = (number: number): number => {
      const operation = this.operations[number];
      if (operation === undefined) return number;
      const transport = operation.transport < 0 ? -1 : transports[operation.transport]!;
      const moved = { ...operation, server: serverTo(operation.server), transport, endpoint: endpointTo(operation.endpoint), first: laneTo(operation.first), second: laneTo(operation.second) };
      const to = this.operations.findIndex((one) => one !== undefined && Object.entries(moved).every(([key, value]) => one[key as keyof ProtocolOperation] === value));
      return to < 0 ? 255 : to;
    };
    const inRange = (first: number, last: number): boolean => slot >= first && slot < last;
    if (slot < at.servers) return { target: endpoints[slot]!, value: same };
    if (inRange(at.servers, at.transports)) return { target: at.servers + servers[slot - at.servers]!, value: (code) => (code === 0 ? 0 : 1 + endpoints[code - 1]!) };
    if (inRange(at.transports, at.stored)) return { target: at.transports + transports[slot - at.transports]!, value: transportCode };
    if (inRange(at.leaked, at.clients)) return { target: at.leaked + laneTo(slot - at.leaked), value: same };
    if (slot < at.clients) {
      const first = at.stored + Math.floor((slot - at.stored) / names) * names;
      return { target: first + nameTo(slot - first), value: same };
    }
    const client = Math.floor((slot - at.clients) / fields);
    const name = (slot - at.clients) % fields;
    const target = this.#field(clients[client]!, name);
    if (name === field.op) return { target, value: operationTo };
    if (name === field.lane) return { target, value: (lane) => (lane === 0 ? 0 : 1 + laneTo(lane - 1)) };
    if (name === field.frame) return { target, value: (frame) => (frame < 2 ? frame : 2 + laneTo(frame - 2)) };
    return { target, value: same };
  };
}

const isRegistration = ({ kind }: ProtocolOperation): boolean => kind === 'registerServer' || kind === 'registerTransport';

function showOperation({ kind, server, transport, endpoint }: ProtocolOperation): string {
  const s = `s${server + 1}`;
  const t = `t${transport + 1}`;
  const e = `e${endpoint + 1}`;
  switch (kind) {
    case 'registerServer': return `registerServer(${s}, ${e})`;
    case 'registerTransport': return `registerTransport(${t}, ${e}${server < 0 ? '' : `, bound to ${s}`})`;
    case 'unregisterServer':
    case 'updateServer': return `${kind}(${s})`;
    case 'unregisterTransport': return `unregisterTransport(${t})`;
    case 'bind': return `bindTransportToServer(${t}, ${s})`;
    case 'unbind': return `unbindTransport(${t})`;
    case 'read': return 'a read';
    case 'route': return 'a route';
  }
}
