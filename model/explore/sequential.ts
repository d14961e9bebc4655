import type { Operation } from '../operation.js';
import { tables } from '../tables.js';
import { compilePartition, contentionEvents, tickThresholds, type ContentionEvent, type PartitionTable, type WindowSize } from './partition.js';
import { rulesOf } from './rules.js';
import { homeOf, renamings, symmetryOf, type Renamed, type Renaming } from './symmetry.js';
import { firstOwnFlag, flags as flag, type Emit, type Slot, type Slots, type Symmetry, type System } from './system.js';

/** How large a registry is explored. */
export interface SequentialSize extends WindowSize {
  readonly partitions: number;
  readonly servers: number;
  readonly transports: number;
  readonly endpoints: number;
}

/** What a design makes of the operations, where it differs from ours. */
export interface SequentialDesign {
  /** Samples of a window: they leave it after a while, or stay until others displace them. */
  readonly samples?: 'age' | 'stay';
  /** A write that does not end: raises the alarm, or is not noticed since it has no latency. */
  readonly stuck?: 'alarms' | 'goes unnoticed';
  /** An alarm: follows what is the case, stays on, or is brought up to date once a second, at five ticks a second. */
  readonly alarm?: 'follows' | 'stays on' | 'is polled';
  /** Admission closes when more than half of the partitions are alarmed, or already at half. */
  readonly closes?: 'above half' | 'at half';
  /** Admission follows the alarms, or is worked out whenever a write commits. */
  readonly admission?: 'follows the alarms' | 'is worked out at commits';
  /** A refused registration of a transport: changes nothing, or has dropped the binding of its holder before it was refused. */
  readonly refusal?: 'changes nothing' | 'drops the binding';
  /** An endpoint that goes down takes along all of its names, or its servers alone. */
  readonly down?: 'all names' | 'servers only';
  /** A server that is unregistered takes its bindings along, or leaves them. */
  readonly removal?: 'with bindings' | 'without bindings';
}

/** Once a second. */
export const pollTicks = 5;

/** What can be done, and to what. */
export interface SequentialAction {
  readonly kind: ActionKind;
  readonly server: number;
  readonly transport: number;
  readonly endpoint: number;
  /** The partition in which it is a write. */
  readonly partition: number;
  /** Whether its commit takes a tick. */
  readonly slow: boolean;
  readonly mode: number;
}

type ActionKind = (typeof kinds)[number];
const kinds = [
  'registerServer', 'unregisterServer', 'updateServer', 'registerTransport', 'unregisterTransport', 'bindTransportToServer', 'unbindTransport',
  'setAdmission', 'resetStats', 'close', 'down', 'renew', 'tick', 'stall', 'unstall',
] as const;

/** Flags of steps, beside the common ones. */
export const sequentialFlags = {
  /** Brings contention about: a commit that takes time, or a write that does not end. */
  contends: firstOwnFlag,
  /** A registration. */
  registers: firstOwnFlag * 2,
} as const;

const modes = ['auto', 'open', 'closed'] as const;

const rules = {
  endpoint: rulesOf(tables.endpoint),
  registration: rulesOf(tables.registration),
  binding: rulesOf(tables.binding),
  admission: rulesOf(tables.admission),
  lifecycle: rulesOf(tables.lifecycle),
};

/**
 * The sequential model, packed: every operation, every endpoint that goes down, slow and stuck commits, and time in ticks. Each
 * machine's table says what becomes of its own part; what is here is only which machines are asked, as in `model/registry.ts`
 * (a test takes every step of both and compares).
 */
export class SequentialSystem implements System {
  readonly slots: readonly Slot[];
  readonly initial: Slots;
  readonly next: Slots;
  readonly actions: readonly SequentialAction[];
  readonly partition: PartitionTable;
  readonly symmetries: readonly Symmetry[];
  readonly fairSymmetries: readonly Symmetry[];
  /** The slot of the first endpoint, server, transport, partition, late alarm. */
  readonly at: { readonly endpoints: number; readonly servers: number; readonly transports: number; readonly partitions: number; readonly shown: number; readonly late: number; readonly poll: number };
  readonly #majority: readonly boolean[];
  /** What the codes of a transport stand for. */
  readonly #holders: Int8Array;
  readonly #bindings: Int8Array;

  constructor(
    readonly size: SequentialSize,
    readonly design: SequentialDesign = {},
  ) {
    const { partitions: P, servers: S, transports: T, endpoints: E } = size;
    const thresholds = tickThresholds(size);
    this.partition = compilePartition(
      { ...thresholds, ...(design.samples === 'stay' && { windowMs: Infinity }), ...(design.stuck === 'goes unnoticed' && { stuckAfterMs: Infinity }) },
      { latched: design.alarm === 'stays on' },
    );
    const polled = design.alarm === 'is polled';
    const many = (count: number, name: string, values: number): Slot[] => Array.from({ length: count }, (_, i) => ({ name: `${name} ${i + 1}`, values }));
    this.slots = [
      { name: 'lifecycle', values: rules.lifecycle.states.length },
      { name: 'admission', values: rules.admission.states.length },
      ...many(E, 'endpoint', rules.endpoint.states.length),
      ...many(S, 'server', 1 + 2 * E),
      ...many(T, 'transport', 1 + E * (S + 1)),
      ...many(P, 'partition', this.partition.states.length),
      // What is shown of an alarm, where it may differ from what is the case; and whether it has differed for a tick.
      ...(polled ? [...many(P, 'shown', 2), ...many(P, 'late', 2), { name: 'poll', values: pollTicks }] : []),
    ];
    const endpoints = 2;
    const servers = endpoints + E;
    const transports = servers + S;
    const partitions = transports + T;
    this.at = { endpoints, servers, transports, partitions, shown: partitions + P, late: partitions + 2 * P, poll: partitions + 3 * P };
    this.initial = new Uint8Array(this.slots.length);
    this.initial[0] = rules.lifecycle.stateOf('open');
    this.initial[1] = rules.admission.stateOf('auto.open');
    this.next = new Uint8Array(this.slots.length);
    const codes = Array.from({ length: 1 + E * (S + 1) }, (_, code) => code - 1);
    this.#holders = Int8Array.from(codes, (code) => (code < 0 ? -1 : Math.floor(code / (S + 1))));
    this.#bindings = Int8Array.from(codes, (code) => (code < 0 ? -1 : (code % (S + 1)) - 1));
    this.actions = this.#actions();
    this.#majority = Array.from({ length: P + 1 }, (_, alarmed) => (design.closes === 'at half' ? alarmed / P >= 0.5 : alarmed / P > thresholds.closeAbove));
    this.symmetries = renamings({ ...size, clients: 0 }).map((renaming) => symmetryOf(this.slots, renaming, this.#renamed));
    // The one thing owed is that time passes, and time has no name.
    this.fairSymmetries = this.symmetries;
  }

  /** Whether a partition's alarm shows, to whoever asks and to admission. */
  shows(state: Slots, partition: number): boolean {
    return this.design.alarm === 'is polled' ? state[this.at.shown + partition] === 1 : this.isAlarmed(state, partition);
  }

  isAlarmed(state: Slots, partition: number): boolean {
    return this.partition.alarmed[state[this.at.partitions + partition]!] === 1;
  }

  alarms(state: Slots): number {
    let alarmed = 0;
    for (let p = 0; p < this.size.partitions; p++) if (this.shows(state, p)) alarmed++;
    return alarmed;
  }

  isBusy(state: Slots, partition: number): boolean {
    return this.partition.busy[state[this.at.partitions + partition]!] === 1;
  }

  isOpen(state: Slots): boolean {
    return isOpen[state[0]!]!;
  }

  /** The name of the state in which admission is. */
  admission(state: Slots): string {
    return rules.admission.states[state[1]!]!;
  }

  isDown(state: Slots, endpoint: number): boolean {
    return isDown[state[this.at.endpoints + endpoint]!]!;
  }

  /** Who holds a server, counted from 0; -1: nobody. */
  holderOfServer(state: Slots, server: number): number {
    return (state[this.at.servers + server]! + 1 >> 1) - 1;
  }

  /** Who holds a transport, counted from 0; -1: nobody. */
  holderOfTransport(state: Slots, transport: number): number {
    return this.#holders[state[this.at.transports + transport]!]!;
  }

  /** The server that a transport is bound to, counted from 0; -1: none. */
  bindingOf(state: Slots, transport: number): number {
    return this.#bindings[state[this.at.transports + transport]!]!;
  }

  expand(state: Slots, emit: Emit): void {
    const { next, actions } = this;
    // A closed registry has nothing left to find out: every call is refused.
    const closed = !isOpen[state[0]!]!;
    for (let number = 0; number < actions.length; number++) {
      const action = actions[number]!;
      for (let i = 0; i < next.length; i++) next[i] = state[i]!; // `set` costs a call.
      if (closed) {
        if (isCall[kinds.indexOf(action.kind)]! && !action.slow) emit(number, flag.refused);
        continue;
      }
      const flags = this.#perform(action, state, next);
      if (flags >= 0) emit(number, flags);
    }
  }

  fairnessOf(action: number): number {
    return this.actions[action]!.kind === 'tick' ? 0 : -1;
  }

  showAction(action: number, _before?: Slots): string {
    const { kind, server, transport, endpoint, partition, slow, mode } = this.actions[action]!;
    const s = `s${server + 1}`;
    const t = `t${transport + 1}`;
    const e = `e${endpoint + 1}`;
    const how = slow ? ', slowly' : '';
    switch (kind) {
      case 'registerServer': return `registerServer(${s}, ${e})${how}`;
      case 'registerTransport': return `registerTransport(${t}, ${e}${server < 0 ? '' : `, bound to ${s}`})${how}`;
      case 'unregisterServer':
      case 'updateServer': return `${kind}(${s})${how}`;
      case 'unregisterTransport':
      case 'unbindTransport': return `${kind}(${t})${how}`;
      case 'bindTransportToServer': return `bindTransportToServer(${t}, ${s})${how}`;
      case 'setAdmission': return `setAdmission(${modes[mode]!})`;
      case 'resetStats': return 'resetStats()';
      case 'close': return 'close()';
      case 'down': return `${e} goes down`;
      case 'renew': return `a new endpoint takes the place of ${e}`;
      case 'tick': return 'a tick passes';
      case 'stall': return `a write in partition ${partition} begins and does not end`;
      case 'unstall': return `the write in partition ${partition} ends`;
    }
  }

  showState(state: Slots): string[] {
    const { partitions, servers, transports, endpoints } = this.size;
    const by = this.admission(state).startsWith('auto') ? '' : ', by hand';
    const admission = `admission ${admissionCloses[state[1]!]! ? 'closed' : 'open'}${by}`;
    if (!this.isOpen(state)) return ['registry closed', admission];
    const each = (count: number, show: (i: number) => string | undefined): string[] => Array.from({ length: count }, (_, i) => show(i)).filter((line) => line !== undefined);
    const contended = each(partitions, (p) => {
      const { writeCount, window, inFlight } = this.partition.states[state[this.at.partitions + p]!]!;
      if (writeCount + window.length + inFlight.length === 0) return undefined;
      const samples = window.map(({ latency }) => (latency > 0 ? 'slow' : 'fast')).join(', ');
      const flight = inFlight.length > 0 ? `, a write in flight${inFlight[0]! < 0 ? ', stuck' : ''}` : '';
      const shown = this.shows(state, p) === this.isAlarmed(state, p) ? '' : `, but ${this.shows(state, p) ? 'an' : 'no'} alarm is shown`;
      return `partition ${p}: [${samples}]${flight}${this.isAlarmed(state, p) ? ', alarm' : ''}${shown}`;
    });
    return [
      ...each(servers, (s) => (this.holderOfServer(state, s) < 0 ? undefined : `server s${s + 1} → e${this.holderOfServer(state, s) + 1}`)),
      ...each(transports, (t) => {
        const holder = this.holderOfTransport(state, t);
        return holder < 0 ? undefined : `transport t${t + 1} → e${holder + 1}${this.bindingOf(state, t) < 0 ? '' : `, bound to s${this.bindingOf(state, t) + 1}`}`;
      }),
      ...each(endpoints, (e) => (this.isDown(state, e) ? `e${e + 1} is down` : undefined)),
      ...contended,
      admission,
    ];
  }

  /** The step of the interface that an action stands for; ticks are milliseconds there, and endpoints have names. */
  operationOf(action: number, tickMs: number, endpointName: (endpoint: number) => string): Operation | undefined {
    const { kind, server, transport, endpoint, partition, slow, mode } = this.actions[action]!;
    const serverId = `s${server + 1}`;
    const transportId = `t${transport + 1}`;
    const write = slow ? { takes: tickMs } : {};
    switch (kind) {
      case 'registerServer': return { op: kind, id: serverId, endpoint: endpointName(endpoint), ...write };
      case 'registerTransport': return { op: kind, id: transportId, endpoint: endpointName(endpoint), ...(server >= 0 && { config: { serverId } }), ...write };
      case 'unregisterServer': return { op: kind, id: serverId, ...write };
      case 'unregisterTransport': return { op: kind, id: transportId, ...write };
      case 'updateServer': return { op: kind, id: serverId, config: { updated: true }, ...write };
      case 'bindTransportToServer': return { op: kind, transportId, serverId, ...write };
      case 'unbindTransport': return { op: kind, transportId, ...write };
      case 'setAdmission': return { op: kind, mode: modes[mode]! };
      case 'resetStats':
      case 'close': return { op: kind };
      case 'down': return { op: kind, endpoint: endpointName(endpoint) };
      case 'renew': return undefined;
      case 'tick': return { op: 'advance', ms: tickMs };
      case 'stall':
      case 'unstall': return { op: kind, partition };
    }
  }

  /** Makes an action's changes to `next`, which is a copy of `state`; gives its flags, or -1 if it cannot be taken. */
  #perform(action: SequentialAction, state: Slots, next: Slots): number {
    const { kind, server, transport, endpoint, partition, slow } = action;
    // A write would have to wait for the one in flight, which a sequence cannot.
    if (partition >= 0 && kind !== 'unstall' && this.isBusy(state, partition)) return -1;
    const contends = slow || kind === 'stall' ? sequentialFlags.contends : 0;
    switch (kind) {
      case 'registerServer':
      case 'registerTransport': {
        const isServer = kind === 'registerServer';
        const slot = isServer ? this.at.servers + server : this.at.transports + transport;
        const cell = registrationIn(state[slot]!) * rules.registration.events + event.register;
        if (rules.registration.refuses[cell]! | rules.endpoint.refuses[state[this.at.endpoints + endpoint]! * rules.endpoint.events + event.endpointRegister]! | rules.admission.refuses[state[1]! * rules.admission.events + event.admissionRegister]!) {
          if (this.design.refusal === 'drops the binding' && !isServer && state[slot] !== 0) this.#setBinding(next, transport, -1);
          return slow ? -1 : flag.refused | sequentialFlags.registers;
        }
        if (!(rules.registration.does[cell]! & does.hold)) return -1;
        if (isServer) next[slot] = 1 + 2 * endpoint;
        else this.#registerTransport(next, slot, endpoint, server);
        this.#commit(next, partition, slow);
        return contends | sequentialFlags.registers;
      }
      case 'unregisterServer': {
        const cell = registrationIn(state[this.at.servers + server]!) * rules.registration.events + event.unregister;
        if (!(rules.registration.does[cell]! & does.release)) return slow ? -1 : 0;
        this.#releaseServer(next, server);
        this.#commit(next, partition, slow);
        return contends;
      }
      case 'unregisterTransport': {
        const cell = registrationIn(state[this.at.transports + transport]!) * rules.registration.events + event.unregister;
        if (!(rules.registration.does[cell]! & does.release)) return slow ? -1 : 0;
        next[this.at.transports + transport] = 0;
        this.#commit(next, partition, slow);
        return contends;
      }
      case 'updateServer': {
        const slot = this.at.servers + server;
        const cell = registrationIn(state[slot]!) * rules.registration.events + event.update;
        if (rules.registration.refuses[cell]) return slow ? -1 : flag.refused;
        if (rules.registration.does[cell]! & does.replaceConfig) next[slot] = ((state[slot]! - 1) | 1) + 1;
        this.#commit(next, partition, slow);
        return contends;
      }
      case 'bindTransportToServer': {
        const bound = this.bindingOf(state, transport) >= 0 ? binding.bound : binding.unbound;
        const isServer = isRegistered[registrationIn(state[this.at.servers + server]!)]!;
        const isTransport = isRegistered[registrationIn(state[this.at.transports + transport]!)]!;
        const cell = bound * rules.binding.events + event.bind[isServer ? 1 : 0]![isTransport ? 1 : 0]!;
        if (rules.binding.refuses[cell]) return slow ? -1 : flag.refused;
        if (rules.binding.does[cell]! & does.bind) this.#setBinding(next, transport, server);
        this.#commit(next, partition, slow);
        return contends;
      }
      case 'unbindTransport': {
        const bound = this.bindingOf(state, transport) >= 0 ? binding.bound : binding.unbound;
        if (!(rules.binding.does[bound * rules.binding.events + event.unbind]! & does.unbind)) return slow ? -1 : 0;
        this.#setBinding(next, transport, -1);
        this.#commit(next, partition, slow);
        return contends;
      }
      case 'setAdmission': {
        const majority = this.#majority[this.alarms(state)]!;
        next[1] = rules.admission.next[state[1]! * rules.admission.events + event.set[action.mode]![majority ? 1 : 0]!]!;
        return 0;
      }
      case 'resetStats':
        for (let p = 0; p < this.size.partitions; p++) this.#happen(next, p, contention.reset);
        this.#settle(next);
        return 0;
      case 'close':
        // Names go; what was written shows nowhere any more.
        for (let i = this.at.servers; i < next.length; i++) next[i] = this.initial[i]!;
        next[0] = rules.lifecycle.next[state[0]! * rules.lifecycle.events + event.close]!;
        return 0;
      case 'down':
        return this.#down(state, next, endpoint) ? 0 : -1;
      case 'renew':
        if (!isDown[state[this.at.endpoints + endpoint]!]!) return -1;
        next[this.at.endpoints + endpoint] = this.initial[this.at.endpoints + endpoint]!;
        return 0;
      case 'tick':
        for (let p = 0; p < this.size.partitions; p++) this.#happen(next, p, contention.tick);
        this.#settle(next);
        this.#lookAtClock(state, next);
        return 0;
      case 'stall':
        this.#happen(next, partition, contention.stall);
        this.#settle(next);
        return contends;
      case 'unstall':
        if (!this.isBusy(state, partition)) return -1;
        this.#happen(next, partition, contention.unstall);
        this.#settle(next, true);
        return 0;
    }
  }

  #registerTransport(next: Slots, slot: number, endpoint: number, server: number): void {
    const { servers } = this.size;
    next[slot] = 1 + endpoint * (servers + 1);
    if (server < 0) return;
    const there = isRegistered[registrationIn(next[this.at.servers + server]!)]!;
    const cell = binding.unbound * rules.binding.events + event.autoBind[there ? 1 : 0]!;
    if (rules.binding.does[cell]! & does.bind) next[slot]! += server + 1;
  }

  #setBinding(next: Slots, transport: number, server: number): void {
    next[this.at.transports + transport] = 1 + this.holderOfTransport(next, transport) * (this.size.servers + 1) + server + 1;
  }

  #releaseServer(next: Slots, server: number): void {
    next[this.at.servers + server] = 0;
    if (this.design.removal === 'without bindings') return;
    for (let t = 0; t < this.size.transports; t++) {
      const bound = this.bindingOf(next, t);
      if (bound < 0) continue;
      const cell = binding.bound * rules.binding.events + event.serverGone[bound === server ? 1 : 0]!;
      if (rules.binding.does[cell]! & does.unbind) this.#setBinding(next, t, -1);
    }
  }

  #down(state: Slots, next: Slots, endpoint: number): boolean {
    const slot = this.at.endpoints + endpoint;
    const cell = state[slot]! * rules.endpoint.events + event.abort;
    if (!(rules.endpoint.does[cell]! & does.releaseNames)) return false;
    next[slot] = rules.endpoint.next[cell]!;
    const releases = (held: boolean, ofHolder: boolean): boolean =>
      (rules.registration.does[(held ? registration.held : registration.free) * rules.registration.events + event.down[ofHolder ? 1 : 0]!]! & does.release) !== 0;
    for (let s = 0; s < this.size.servers; s++) {
      const holder = this.holderOfServer(next, s);
      if (releases(holder >= 0, holder === endpoint)) this.#releaseServer(next, s);
    }
    if (this.design.down === 'servers only') return true;
    for (let t = 0; t < this.size.transports; t++) {
      const holder = this.holderOfTransport(next, t);
      if (releases(holder >= 0, holder === endpoint)) next[this.at.transports + t] = 0;
    }
    return true;
  }

  #commit(next: Slots, partition: number, slow: boolean): void {
    if (slow) {
      const before = this.design.alarm === 'is polled' ? Uint8Array.from(next) : next;
      for (let p = 0; p < this.size.partitions; p++) this.#happen(next, p, p === partition ? contention.commitSlow : contention.tick);
      this.#settle(next, true);
      this.#lookAtClock(before, next);
      return;
    }
    this.#happen(next, partition, contention.commitFast);
    this.#settle(next, true);
  }

  #happen(next: Slots, partition: number, what: number): void {
    const slot = this.at.partitions + partition;
    next[slot] = this.partition.next[next[slot]! * contentionEvents.length + what]!;
  }

  /** Admission follows the alarms. */
  #settle(next: Slots, commits = false): void {
    if (this.design.admission === 'is worked out at commits' && !commits) return;
    const majority = this.#majority[this.alarms(next)]!;
    next[1] = rules.admission.next[next[1]! * rules.admission.events + event.alarms[majority ? 1 : 0]!]!;
  }

  /** A tick has passed: what is polled may be polled now, and what was not shown for all of it is late. */
  #lookAtClock(before: Slots, next: Slots): void {
    if (this.design.alarm !== 'is polled') return;
    const { partitions, shown, late, poll } = this.at;
    const polls = next[poll] === pollTicks - 1;
    next[poll] = (next[poll]! + 1) % pollTicks;
    for (let p = 0; p < this.size.partitions; p++) {
      const was = this.partition.alarmed[before[partitions + p]!]!;
      const is = this.partition.alarmed[next[partitions + p]!]!;
      if (polls) next[shown + p] = is;
      next[late + p] = was === is && next[shown + p] !== is ? 1 : 0;
    }
    if (polls) this.#settle(next);
  }

  #actions(): SequentialAction[] {
    const { partitions: P, servers: S, transports: T, endpoints: E } = this.size;
    const list: SequentialAction[] = [];
    const add = (kind: ActionKind, more: Partial<SequentialAction> = {}): void => {
      list.push({ kind, server: -1, transport: -1, endpoint: -1, partition: -1, slow: false, mode: 0, ...more });
    };
    const write = (kind: ActionKind, name: number, more: Partial<SequentialAction>): void => {
      for (const slow of [false, true]) add(kind, { ...more, partition: homeOf(name, P), slow });
    };
    const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => i + from);
    for (const server of range(S)) {
      for (const endpoint of range(E)) write('registerServer', server, { server, endpoint });
      write('unregisterServer', server, { server });
      write('updateServer', server, { server });
    }
    for (const transport of range(T)) {
      for (const endpoint of range(E)) for (const server of range(S + 1, -1)) write('registerTransport', S + transport, { transport, endpoint, server });
      write('unregisterTransport', S + transport, { transport });
      for (const server of range(S)) write('bindTransportToServer', S + transport, { transport, server });
      write('unbindTransport', S + transport, { transport });
    }
    for (const mode of range(modes.length)) add('setAdmission', { mode });
    add('resetStats');
    add('close');
    for (const endpoint of range(E)) {
      add('down', { endpoint });
      add('renew', { endpoint });
    }
    add('tick');
    for (const partition of range(P)) {
      add('stall', { partition });
      add('unstall', { partition });
    }
    return list;
  }

  readonly #renamed: Renamed = (slot, { endpoints, servers, transports, partitions }: Renaming) => {
    const { size, at } = this;
    const same = (value: number): number => value;
    const renamedServer = (code: number): number => (code === 0 ? 0 : 1 + 2 * endpoints[(code - 1) >> 1]! + ((code - 1) & 1));
    const renamedTransport = (code: number): number => {
      if (code === 0) return 0;
      const bound = (code - 1) % (size.servers + 1);
      const endpoint = Math.floor((code - 1) / (size.servers + 1));
      return 1 + endpoints[endpoint]! * (size.servers + 1) + (bound === 0 ? 0 : 1 + servers[bound - 1]!);
    };
    const inRange = (first: number, count: number): boolean => slot >= first && slot < first + count;
    if (inRange(at.endpoints, size.endpoints)) return { target: at.endpoints + endpoints[slot - at.endpoints]!, value: same };
    if (inRange(at.servers, size.servers)) return { target: at.servers + servers[slot - at.servers]!, value: renamedServer };
    if (inRange(at.transports, size.transports)) return { target: at.transports + transports[slot - at.transports]!, value: renamedTransport };
    for (const first of [at.partitions, at.shown, at.late]) {
      if (inRange(first, size.partitions) && slot < this.slots.length) return { target: first + partitions[slot - first]!, value: same };
    }
    return { target: slot, value: same };
  };
}

const registration = { free: rules.registration.stateOf('free'), held: rules.registration.stateOf('held') };
const binding = { unbound: rules.binding.stateOf('unbound'), bound: rules.binding.stateOf('bound') };
const isRegistered = rules.registration.having('registered');
const isDown = rules.endpoint.having('down');
const isOpen = rules.lifecycle.having('closed').map((closed) => !closed);
const admissionCloses = rules.admission.having('closed');
const isCall = kinds.map((kind) => !['close', 'down', 'renew', 'tick', 'stall', 'unstall'].includes(kind));

const event = {
  register: rules.registration.eventOf({ type: 'REGISTER' }),
  unregister: rules.registration.eventOf({ type: 'UNREGISTER' }),
  update: rules.registration.eventOf({ type: 'UPDATE' }),
  down: [false, true].map((ofHolder) => rules.registration.eventOf({ type: 'DOWN', ofHolder })),
  endpointRegister: rules.endpoint.eventOf({ type: 'REGISTER' }),
  abort: rules.endpoint.eventOf({ type: 'ABORT' }),
  admissionRegister: rules.admission.eventOf({ type: 'REGISTER' }),
  alarms: [false, true].map((majority) => rules.admission.eventOf({ type: 'ALARMS', majority })),
  set: modes.map((mode) => [false, true].map((majority) => rules.admission.eventOf({ type: 'SET', mode, majority }))),
  bind: [false, true].map((server) => [false, true].map((transport) => rules.binding.eventOf({ type: 'BIND', server, transport }))),
  autoBind: [false, true].map((server) => rules.binding.eventOf({ type: 'AUTO_BIND', server })),
  unbind: rules.binding.eventOf({ type: 'UNBIND' }),
  serverGone: [false, true].map((own) => rules.binding.eventOf({ type: 'SERVER_GONE', own })),
  close: rules.lifecycle.eventOf({ type: 'CLOSE' }),
};

const does = {
  hold: rules.registration.effect('hold'),
  release: rules.registration.effect('release'),
  replaceConfig: rules.registration.effect('replaceConfig'),
  bind: rules.binding.effect('bind'),
  unbind: rules.binding.effect('unbind'),
  releaseNames: rules.endpoint.effect('releaseNames'),
};

const contention = Object.fromEntries(contentionEvents.map((name, number) => [name, number])) as Readonly<Record<ContentionEvent, number>>;

/** The state of the registration machine for a name's code: 0 is free. */
function registrationIn(code: number): number {
  return code === 0 ? registration.free : registration.held;
}
