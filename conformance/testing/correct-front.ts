import { broadcast, type AdmissionMode, type Config, type Endpoint, type ErrorCode, type Namespace, type Registration } from '../../spec/index.js';
import type { OpenOptions, Subject } from '../contract.js';
import { closes, configOf, endpointOf, handOver, idOf, isId, Meter, partitionsOf, Refused, statusOf, thresholdsOf, type InFlight } from './correct-parts.js';
import type { Lanes } from './correct-lanes.js';
import type { Names } from './correct-names.js';

type Awaitable<T> = T | PromiseLike<T>;

/** What the specification leaves open, and how one registry decides it. What is not said is decided as the first alternative says. */
export interface Ways {
  readonly partitionOf: (id: string, partitions: number) => number;
  /** Which of several reasons for a refusal is told; they come in the order: argument, closed, down, taken, admission. */
  readonly pick?: (reasons: readonly ErrorCode[]) => ErrorCode;
  /** Whether a write that found nothing to do counts as one. */
  readonly countsNothing?: () => boolean;
  /** Whether a name that goes with its endpoint counts as a write. */
  readonly countsFalls?: boolean;
  /** Whether a `send` that threw counts as handed over. */
  readonly countsThrown?: () => boolean;
  /** What becomes of a message whose sender is not registered: it is delivered, it is not, or it is refused. */
  readonly stranger?: 'heard' | 'ignored' | 'refused';
  /** What a read of a closed registry gives: nothing, or an error. */
  readonly closedRead?: 'nothing' | 'refused';
  /** Whether giving up what is not there any more succeeds in a closed registry. */
  readonly closedUnregister?: 'refused' | 'done';
  /** A `config.serverId` that is no id names no server, or is an invalid argument. */
  readonly strangeServerId?: 'ignored' | 'refused';
  /** When admission is asked for: at the call, or at the commit as well. */
  readonly admission?: 'call' | 'commit too';
  /** Whether a call from within a `send` is delivered at once, or after what it interrupts. */
  readonly nested?: 'at once' | 'later';
  /** Which partition a binding is a write of. */
  readonly bindsIn?: 'transport' | 'server';
  /** What a refusal is thrown as. */
  readonly refusal?: (code: ErrorCode) => unknown;
  readonly meter?: (partitions: number, options: OpenOptions) => Meter;
}

/** The operations of a registry, over a way to hold names and a way to come to them. */
export class Front implements Subject {
  protected readonly meter: Meter;
  #mode: AdmissionMode = 'auto';
  #closed = false;
  readonly #waiting: (() => void)[] = [];
  #delivering = false;

  constructor(
    protected readonly names: Names,
    private readonly lanes: Lanes,
    private readonly ways: Ways,
    options: OpenOptions,
  ) {
    const partitions = partitionsOf(options.partitions);
    this.meter = ways.meter?.(partitions, options) ?? new Meter(partitions, thresholdsOf(options), () => options.clock.now());
    if (ways.countsFalls) names.onFall = (id) => this.meter.committed(this.meter.called(ways.partitionOf(id, partitions)));
  }

  registerServer(id: string, endpoint: Endpoint, config?: Config): Awaitable<void> {
    return this.#register('server', id, endpoint, config);
  }

  registerTransport(id: string, endpoint: Endpoint, config?: Config): Awaitable<void> {
    return this.#register('transport', id, endpoint, config);
  }

  unregisterServer(id: string): Awaitable<void> {
    return this.#unregister('server', id);
  }

  unregisterTransport(id: string): Awaitable<void> {
    return this.#unregister('transport', id);
  }

  updateServer(id: string, config: Config): Awaitable<void> {
    const kept = this.#refusing(() => (this.#check(id), configOf(config)));
    return this.#write(id, () => (this.names.update(id, kept), true));
  }

  bindTransportToServer(transportId: string, serverId: string): Awaitable<void> {
    this.#refusing(() => this.#check(transportId, serverId));
    return this.#write(this.ways.bindsIn === 'server' ? serverId : transportId, () => (this.names.bind(transportId, serverId), true));
  }

  unbindTransport(transportId: string): Awaitable<void> {
    this.#refusing(() => this.#check(transportId));
    return this.#write(transportId, () => this.names.unbind(transportId));
  }

  findServer(id: string): Awaitable<Registration | undefined> {
    return this.#read([id], undefined, () => this.names.find('server', id));
  }

  findTransport(id: string): Awaitable<Registration | undefined> {
    return this.#read([id], undefined, () => this.names.find('transport', id));
  }

  listServers(): Awaitable<readonly Registration[]> {
    return this.#read([], [], () => this.names.list('server'));
  }

  listTransports(): Awaitable<readonly Registration[]> {
    return this.#read([], [], () => this.names.list('transport'));
  }

  getServerForTransport(transportId: string): Awaitable<string | undefined> {
    return this.#read([transportId], undefined, () => this.names.serverOf(transportId));
  }

  routeToServer(serverId: string, transportId: string, message: unknown): Awaitable<number> {
    return this.#read([serverId, transportId], 0, () => {
      const found = this.names.find('server', serverId);
      return this.#route('server', found ? [found] : [], transportId, this.names.find('transport', transportId), message);
    });
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): Awaitable<number> {
    return this.#read(transportId === broadcast ? [serverId] : [transportId, serverId], 0, () => {
      const found = transportId === broadcast ? undefined : this.names.find('transport', transportId);
      const to = transportId === broadcast ? this.names.boundTo(serverId) : found ? [found] : [];
      return this.#route('transport', to, serverId, this.names.find('server', serverId), message);
    });
  }

  getPartitionStats(partition?: number): Awaitable<unknown> {
    if (partition === undefined) return this.lanes.read(() => this.meter.all());
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.meter.partitions) throw this.#refusal('invalid_argument');
    return this.lanes.read(() => this.meter.of(partition));
  }

  getContentionStatus() {
    return this.lanes.read(() => statusOf(this.meter, this.#mode));
  }

  resetStats(): Awaitable<void> {
    return this.lanes.read(() => this.meter.reset());
  }

  setAdmission(mode: AdmissionMode): Awaitable<void> {
    if (!['auto', 'open', 'closed'].includes(mode)) throw this.#refusal('invalid_argument');
    return this.lanes.read(() => void (this.#mode = mode));
  }

  close(): Awaitable<void> {
    return this.lanes.close(() => {
      this.#closed = true;
      this.names.clear();
    });
  }

  slowCommit(ms: number): void {
    this.lanes.commitMs = ms;
  }

  #register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config | undefined): Awaitable<void> {
    const kept = this.#refusing(() => this.#argumentsOf(id, endpoint, config));
    const reasons: ErrorCode[] = [
      ...(this.#closed ? (['registry_closed'] as const) : []),
      ...(kept && kept.endpoint.signal.aborted ? (['endpoint_down'] as const) : []),
      ...(kept && this.ways.pick && this.names.find(namespace, id) ? (['already_registered'] as const) : []),
      ...(closes(this.meter, this.#mode) ? (['admission_control_active'] as const) : []),
    ];
    this.#refuseFor(kept ? reasons : ['invalid_argument', ...reasons]);
    return this.#write(id, (write) => {
      // That it has been slow itself is nothing to refuse it for.
      if (this.ways.admission === 'commit too') this.meter.withdrawn(write);
      if (this.ways.admission === 'commit too' && closes(this.meter, this.#mode)) throw new Refused('admission_control_active');
      this.names.register(namespace, id, endpoint, kept!.config);
      return true;
    });
  }

  /** Nothing, where it is not what the interface takes: there may be other reasons to refuse it, and one of them is told. */
  #argumentsOf(id: string, endpoint: Endpoint, config: Config | undefined) {
    try {
      const kept = { id: idOf(id), endpoint: endpointOf(endpoint), config: configOf(config) };
      const { serverId } = kept.config;
      if (this.ways.strangeServerId === 'refused' && serverId !== undefined && !isId(serverId)) throw new Refused('invalid_argument');
      return kept;
    } catch {
      return undefined;
    }
  }

  #unregister(namespace: Namespace, id: string): Awaitable<void> {
    this.#refusing(() => this.#check(id));
    if (this.#closed && this.ways.closedUnregister === 'done') return undefined;
    return this.#write(id, () => this.names.unregister(namespace, id));
  }

  /** `decide` tells whether it found anything to do. */
  #write(id: string, decide: (write: InFlight) => boolean): Awaitable<void> {
    const partition = this.ways.partitionOf(id, this.meter.partitions);
    const write = this.meter.called(partition);
    const commit = (): void => {
      if (this.#closed) throw new Refused('registry_closed');
      if (decide(write) || this.ways.countsNothing?.()) this.meter.committed(write);
      else this.meter.withdrawn(write);
    };
    const withdraw = (error: unknown): unknown => {
      this.meter.withdrawn(write);
      return error instanceof Refused ? this.#refusal(error.code) : error;
    };
    return this.lanes.write(partition, commit, withdraw);
  }

  #read<T>(ids: readonly string[], nothing: T, look: () => T): Awaitable<T> {
    this.#refusing(() => this.#check(...ids));
    return this.lanes.read(() => {
      if (!this.#closed) return look();
      if (this.ways.closedRead === 'refused') throw this.#refusal('registry_closed');
      return nothing;
    });
  }

  #route(namespace: Namespace, to: readonly Registration[], from: string, sender: Registration | undefined, message: unknown): number {
    if (!sender && to.length > 0 && this.ways.stranger === 'ignored') return 0;
    if (!sender && to.length > 0 && this.ways.stranger === 'refused') throw this.#refusal(namespace === 'server' ? 'transport_not_found' : 'server_not_found');
    const send = ({ id, endpoint }: Registration): boolean => handOver(endpoint, Object.freeze({ namespace, to: id, from, message })) === 'taken' || this.ways.countsThrown?.() !== false;
    if (this.ways.nested !== 'later') return to.filter(send).length;
    return this.#routeInTurn(namespace, to, send);
  }

  /** What is routed from within a `send` waits for that to be over, and goes to those who still hold the name then. */
  #routeInTurn(namespace: Namespace, to: readonly Registration[], send: (to: Registration) => boolean): number {
    const deliver = (): number => to.filter(send).length;
    if (this.#delivering) {
      this.#waiting.push(() => to.filter(({ id, endpoint }) => this.names.find(namespace, id)?.endpoint === endpoint).forEach(send));
      return to.length;
    }
    this.#delivering = true;
    const count = deliver();
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) next();
    this.#delivering = false;
    return count;
  }

  #check(...ids: readonly string[]): void {
    for (const id of ids) idOf(id);
  }

  #refuseFor(reasons: readonly ErrorCode[]): void {
    if (reasons.length > 0) throw this.#refusal(this.ways.pick?.(reasons) ?? reasons[0]!);
  }

  #refusing<T>(check: () => T): T {
    try {
      return check();
    } catch (error) {
      throw error instanceof Refused ? this.#refusal(error.code) : error;
    }
  }

  #refusal(code: ErrorCode): unknown {
    return this.ways.refusal?.(code) ?? new Refused(code);
  }
}
