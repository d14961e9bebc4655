import { broadcast, type Clock, type Delivery, type Endpoint } from '../../spec/index.js';
import { AdapterError, type OpenOptions, type Subject, type Wait } from '../contract.js';
import { TestEndpoint } from '../engine/endpoint.js';
import { show } from '../engine/show.js';
import { drained } from '../engine/virtual-clock.js';
import { RequestError, type Connection, type Hear } from './connection.js';
import { argumentsOf, limits, operations, type Introduction, type Params, type RemoteOperation } from './messages.js';
import { carries, type Reach } from './values.js';

/** A recipient that answers, is answered, and so on: after so many rounds it is taken for one without end. */
const mostRounds = 2_000;

/** Timers that one registry may have set at once. */
const mostTimers = 100_000;

/**
 * A registry that lives in a program, as the kit sees it: every call is a request. Its time is that of the clock that the kit gave it:
 * each of its timers is one of that clock, and it is told the time before it is told anything else.
 */
export class RemoteRegistry {
  readonly #handles = new Map<Endpoint, string>();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #unlisten: (() => void)[] = [];
  readonly #timers = new Map<string, unknown>();
  readonly #livesByOurs: boolean;
  readonly #reach: Reach;
  #told = -1;
  #isHeldBack = false;

  constructor(
    readonly handle: string,
    private readonly connection: Connection,
    private readonly introduction: Introduction,
    private readonly clock: Clock,
  ) {
    this.#reach = reachOf(introduction);
    this.#livesByOurs = introduction.features?.includes('virtual-time') ?? false;
  }

  /** Opens it; `gone` is called when it has been let go of. Throws {@link AdapterError}, and what the program refuses it with. */
  async open({ clock: _, ...options }: OpenOptions, gone: () => void): Promise<Subject> {
    if (!carries(options, this.#reach)) throw new AdapterError(`open(${show(options)}) cannot be carried to the program`);
    await this.connection.request('open', { registry: this.handle, options });
    return { ...this.#subject(), dispose: () => this.#dispose(gone) };
  }

  /** What the program tells of this registry. */
  readonly hear: Hear = (method, params): unknown => {
    switch (method) {
      case 'delivered': {
        const { endpoint, namespace, to, from, message } = params as Delivery & { endpoint: string };
        return this.#endpoint(endpoint, method).send({ namespace, to, from, message });
      }
      case 'down': {
        const { endpoint, reason } = params as { endpoint: string; reason?: string };
        // That one was ended on purpose is no news.
        if (!this.#endpoint(endpoint, method).signal.aborted) throw new AdapterError(`the program says that endpoint ${show(endpoint, 60)} is down, which nobody has killed${reason === undefined ? '' : `: ${show(reason, 200)}`}; see docs/protocol.md#notifications`);
        return undefined;
      }
      case 'timer/set':
        return this.#setTimer(params as { timer: string; ms: number });
      default: {
        const { timer } = params as { timer: string };
        this.clock.clearTimeout(this.#timers.get(timer));
        this.#timers.delete(timer);
        return undefined;
      }
    }
  };

  #subject(): Subject {
    const { methods, features = [] } = this.introduction;
    const has = new Set<string>(methods);
    const calls = Object.fromEntries(methods.filter((name): name is RemoteOperation => name in operations && name !== 'broadcast').map((operation) => [operation, (...args: unknown[]) => this.#call(operation, args)]));
    return {
      ...(calls as unknown as Subject),
      heldBack: () => (this.#isHeldBack ? `the program takes ${this.connection.concurrency} operations at once, and more were called` : undefined),
      ...(features.includes('slow-commit') && { slowCommit: async (ms: number) => void (await this.#ask('fault/slowCommit', { ms })) }),
      ...(has.has('waits') && { waits: async () => (await this.#ask('waits', {})) as readonly Wait[] }),
      ...((this.#livesByOurs || has.has('settle')) && { settle: () => this.#settle() }),
    };
  }

  #call(name: RemoteOperation, args: readonly unknown[]): Promise<unknown> {
    const operation = name === 'routeToTransport' && args[0] === broadcast ? 'broadcast' : name;
    const given = operation === 'broadcast' ? args.slice(1) : args;
    const params: Record<string, unknown> = {};
    for (const [i, parameter] of argumentsOf[operation].entries()) {
      const value = given[i];
      // Left out is how nothing is said.
      if (value === undefined) continue;
      if (parameter === 'endpoint' && isEndpoint(value)) params[parameter] = this.#handleOf(value);
      else if (carries(value, this.#reach)) params[parameter] = value;
      else return Promise.reject(new AdapterError(`${operation}: ${show(value, 100)} cannot be carried to the program as it is`));
    }
    const read = (result: unknown): unknown => (operation.startsWith('find') || operation.startsWith('list') ? this.#withEndpoints(result) : (result ?? undefined));
    return this.#ask(operation, params).then(read);
  }

  #ask<M extends Parameters<Connection['request']>[0]>(method: M, params: Omit<Params<M>, 'registry'>): Promise<unknown> {
    if (this.#livesByOurs && this.clock.now() !== this.#told) this.#tell([]).catch(() => undefined);
    return this.connection.request(method, { registry: this.handle, ...params } as Params<M>);
  }

  /** Tells the program the time, and what of its waits is over. Settles when what comes of that, and does not wait for time, has been told. */
  #tell(timers: readonly string[]): Promise<unknown> {
    const now = (this.#told = this.clock.now());
    return this.connection.request('time/advance', { registry: this.handle, now, timers: [...timers] });
  }

  /** Everything has been done that does not wait for time, also what was set off by what came of it here. */
  async #settle(): Promise<void> {
    for (let round = 0; round < mostRounds; round++) {
      const before = this.connection.sent;
      await (this.#livesByOurs ? this.#tell([]) : this.connection.request('settle', { registry: this.handle }));
      await drained();
      if (this.connection.sent === before + 1) break;
    }
    // Whoever has its turn waits for time, or for ever.
    this.#isHeldBack ||= this.connection.holds(this.handle);
  }

  #setTimer({ timer, ms }: { readonly timer: string; readonly ms: number }): void {
    if (!this.#livesByOurs) throw new AdapterError('the program has set a timer, and does not declare the feature `virtual-time`; see docs/protocol.md#time');
    if (this.#timers.has(timer)) throw new AdapterError(`the program has set timer ${show(timer, 60)} twice; see docs/protocol.md#time`);
    if (this.#timers.size >= mostTimers) throw new AdapterError(`the program has set ${mostTimers} timers at once; see docs/protocol.md#limits`);
    const over = (): void => {
      this.#timers.delete(timer);
      this.#tell([timer]).catch(() => undefined);
    };
    this.#timers.set(timer, this.clock.setTimeout(over, ms));
  }

  #handleOf(endpoint: Endpoint): string {
    let handle = this.#handles.get(endpoint);
    if (handle === undefined) {
      handle = `e${this.#handles.size + 1}`;
      this.#handles.set(endpoint, handle);
      this.#endpoints.set(handle, endpoint);
      const fails = endpoint instanceof TestEndpoint && endpoint.manner !== 'quiet' && this.introduction.features?.includes('send-failures') ? { fails: endpoint.manner } : {};
      this.#order('endpoint/create', { endpoint: handle, ...fails });
      const kill = (): void => this.#order('endpoint/kill', { endpoint: handle! });
      if (endpoint.signal.aborted) kill();
      else {
        endpoint.signal.addEventListener('abort', kill, { once: true });
        this.#unlisten.push(() => endpoint.signal.removeEventListener('abort', kill));
      }
    }
    return handle;
  }

  /** What has to be done: a program that refuses it is of no use. */
  #order<M extends 'endpoint/create' | 'endpoint/kill'>(method: M, params: Omit<Params<M>, 'registry'>): void {
    this.#ask(method, params).catch((error: unknown) => {
      if (error instanceof RequestError) this.connection.break(new AdapterError(`the program refused ${method}(${show(params)}): ${show(error.message, 200)}; see docs/protocol.md#methods`));
    });
  }

  #endpoint(handle: string, method: string): Endpoint {
    const endpoint = this.#endpoints.get(handle);
    if (endpoint === undefined) throw new AdapterError(`\`${method}\` names endpoint ${show(handle, 60)}, which has not been created in registry ${this.handle}; see docs/protocol.md#notifications`);
    return endpoint;
  }

  /** Handles in registrations, as the endpoints they stand for. What is none is left for whoever reads it. */
  #withEndpoints(result: unknown): unknown {
    if (Array.isArray(result)) return result.map((one) => this.#withEndpoints(one));
    if (typeof result !== 'object' || result === null || !('endpoint' in result)) return result ?? undefined;
    const endpoint = typeof result.endpoint === 'string' ? this.#endpoints.get(result.endpoint) : undefined;
    return endpoint === undefined ? result : { ...result, endpoint };
  }

  async #dispose(gone: () => void): Promise<void> {
    gone();
    for (const unlisten of this.#unlisten) unlisten();
    for (const timer of this.#timers.values()) this.clock.clearTimeout(timer);
    this.#timers.clear();
    this.connection.forget(this.handle);
    await this.connection.request('dispose', { registry: this.handle });
  }
}

const isEndpoint = (value: unknown): value is Endpoint => typeof value === 'object' && value !== null && 'signal' in value && value.signal instanceof AbortSignal && 'send' in value && typeof value.send === 'function';

/** What a program can take. */
export const reachOf = ({ limits: own = {} }: Introduction): Reach => ({ line: Math.min(own.line ?? limits.line, limits.line), depth: Math.min(own.depth ?? limits.depth, limits.depth), strings: own.strings ?? 'utf-16' });
