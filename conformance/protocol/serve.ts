import { setMaxListeners } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { broadcast, type Clock, type Delivery, type Endpoint } from '../../spec/index.js';
import type { Adapter, OpenOptions, Subject } from '../contract.js';
import { offers } from '../engine/offers.js';
import { show } from '../engine/show.js';
import { drained, turn, VirtualClock } from '../engine/virtual-clock.js';
import { RealClock } from '../load/clock.js';
import { LineError, LineReader, readJson } from './lines.js';
import { argumentsOf, envelopes, errorCodes, limits, operations, protocolVersion, requests, type Introduction, type Method, type Params, type RemoteOperation } from './messages.js';

/** What an endpoint of the kit throws, or rejects with, here. */
export class EndpointFailed extends Error {
  override readonly name = 'EndpointFailed';
}

/** Writes messages; all of one turn in one piece. */
class Outbox {
  #text = '';

  constructor(private readonly output: Writable) {}

  put(message: object): void {
    if (this.#text === '') queueMicrotask(() => this.flush());
    this.#text += `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;
  }

  flush(): void {
    if (this.#text === '') return;
    this.output.write(this.#text);
    this.#text = '';
  }
}

/** Time as the kit tells it: every wait is announced, and is over when the kit says so. */
class ToldClock implements Clock {
  #now = 0;
  #next = 0;
  readonly #waiting = new Map<string, () => void>();

  constructor(private readonly tell: (method: 'timer/set' | 'timer/clear', params: object) => void) {}

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const timer = `t${++this.#next}`;
    this.#waiting.set(timer, callback);
    this.tell('timer/set', { timer, ms: Number.isFinite(ms) && ms > 0 ? ms : 0 });
    return timer;
  }

  clearTimeout(timer: unknown): void {
    if (this.#waiting.delete(timer as string)) this.tell('timer/clear', { timer });
  }

  async advance(now: number, timers: readonly string[]): Promise<void> {
    this.#now = now;
    for (const timer of timers) {
      const callback = this.#waiting.get(timer);
      this.#waiting.delete(timer);
      callback?.();
      if (timers.length > 1) await drained();
    }
  }
}

/** One registry, with the stand-ins of the kit's endpoints. */
class Served {
  readonly #endpoints = new Map<string, { readonly endpoint: Endpoint; readonly lifetime: AbortController }>();
  readonly #handles = new Map<unknown, string>();
  readonly clock: ToldClock;
  subject!: Subject;

  constructor(
    private readonly handle: string,
    private readonly host: Host,
  ) {
    this.clock = new ToldClock((method, params) => host.outbox.put({ method, params: { registry: handle, ...params } }));
  }

  create({ endpoint: handle, fails }: Params<'endpoint/create'>): void {
    const lifetime = new AbortController();
    // How many listen is the registry's own affair, and no warning.
    setMaxListeners(0, lifetime.signal);
    const send = (delivery: Delivery): unknown => {
      const params = { registry: this.handle, endpoint: handle, ...delivery };
      if (fails === undefined && this.host.awaits) return this.host.ask('delivered', params);
      this.host.outbox.put({ method: 'delivered', params });
      if (fails === 'throws') throw new EndpointFailed(`${handle} always throws`);
      return fails === 'rejects' ? Promise.reject(new EndpointFailed(`${handle} always rejects`)) : undefined;
    };
    const endpoint = { send, signal: lifetime.signal };
    this.#endpoints.set(handle, { endpoint, lifetime });
    this.#handles.set(endpoint, handle);
  }

  kill({ endpoint }: Params<'endpoint/kill'>): void {
    this.#endpoints.get(endpoint)?.lifetime.abort();
  }

  async call(operation: RemoteOperation, params: Record<string, unknown>): Promise<unknown> {
    const method = operation === 'broadcast' ? 'routeToTransport' : operation;
    const given = argumentsOf[operation].map((name) => (name === 'endpoint' && typeof params[name] === 'string' ? (this.#endpoints.get(params[name])?.endpoint ?? params[name]) : params[name]));
    // What is left out at the end was not given.
    while (given.length > 0 && given.at(-1) === undefined && !(argumentsOf[operation][given.length - 1]! in params)) given.pop();
    if (operation === 'broadcast') given.unshift(broadcast);
    const call = this.subject[method] as ((...args: unknown[]) => unknown) | undefined;
    return this.#onWire(await call!.apply(this.subject, given));
  }

  #onWire(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#onWire(item));
    if (typeof value !== 'object' || value === null || !('endpoint' in value)) return value;
    const { id, endpoint, config } = value as { readonly id?: unknown; readonly endpoint: unknown; readonly config?: unknown };
    return { id, endpoint: this.#handles.get(endpoint) ?? null, config };
  }
}

/** What cannot be done as it was asked: a JSON-RPC error. */
class Refusal extends Error {
  constructor(readonly code: number, message: string) {
    super(message);
  }
}

/** The program's end of the connection, for the registries of an adapter. */
class Host {
  readonly outbox: Outbox;
  awaits = false;
  readonly #registries = new Map<string, Served>();
  readonly #asked = new Map<string, { readonly resolve: () => void; readonly reject: (error: Error) => void }>();
  #questions = 0;

  constructor(
    private readonly adapter: Adapter,
    output: Writable,
  ) {
    this.outbox = new Outbox(output);
  }

  /** Asks the kit, and settles with what it answers. */
  ask(method: 'delivered', params: object): Promise<void> {
    const id = `d${++this.#questions}`;
    this.outbox.put({ id, method, params });
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  /** Begins to do what a line asks for. Whatever comes of it is written. */
  hear(line: string): void {
    let message: unknown;
    try {
      message = readJson(line, limits.depth);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      return this.outbox.put({ id: null, error: { code: errorCodes.parse, message: error.message } });
    }
    const answer = envelopes.result.safeParse(message);
    const failure = envelopes.error.safeParse(message);
    if (answer.success || failure.success) return this.#answered(String((answer.data ?? failure.data!).id), failure.data?.error.message);
    const request = envelopes.request.safeParse(message);
    if (!request.success) return this.outbox.put({ id: null, error: { code: errorCodes.request, message: 'no request of JSON-RPC 2.0' } });
    const { id, method, params } = request.data;
    this.#does(method, params).then(
      (result) => this.#put({ id, result: result ?? null }),
      (error: unknown) => this.#put({ id, error: failureOf(error) }),
    );
  }

  #put(message: { readonly id: unknown; readonly result?: unknown; readonly error?: object }): void {
    try {
      this.outbox.put(message);
    } catch (error) {
      this.outbox.put({ id: message.id, error: { code: errorCodes.failed, message: `what it answered is no JSON: ${show(error)}` } });
    }
  }

  #answered(id: string, error: string | undefined): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error === undefined) asked?.resolve();
    else asked?.reject(new EndpointFailed(error));
  }

  // Not `async`: what is asked for begins at once.
  #does(method: string, given: unknown): Promise<unknown> {
    if (!Object.hasOwn(requests, method)) return Promise.reject(new Refusal(errorCodes.method, `there is no method ${method}`));
    const parsed = requests[method as Method].params.safeParse(given);
    if (!parsed.success) return Promise.reject(new Refusal(errorCodes.params, parsed.error.issues[0]!.message));
    const params = parsed.data as Record<string, unknown>;
    if (method === 'initialize') return this.#introduction();
    const handle = params['registry'] as string;
    if (method === 'open') return this.#open(handle, params as Params<'open'>);
    const registry = this.#registries.get(handle);
    if (registry === undefined) return Promise.reject(new Refusal(errorCodes.params, `registry ${handle} is not open`));
    if (method in operations) return registry.call(method as RemoteOperation, params);
    return this.#meansOf(registry, handle, method, params);
  }

  async #meansOf(registry: Served, handle: string, method: string, params: Record<string, unknown>): Promise<unknown> {
    switch (method) {
      case 'endpoint/create': return registry.create(params as Params<'endpoint/create'>);
      case 'endpoint/kill': return registry.kill(params as Params<'endpoint/kill'>);
      case 'time/advance': {
        const { now, timers } = params as Params<'time/advance'>;
        await registry.clock.advance(now, timers);
        return turn();
      }
      case 'settle': return turn();
      case 'fault/slowCommit': return registry.subject.slowCommit!((params as Params<'fault/slowCommit'>).ms);
      case 'waits': return registry.subject.waits!();
      default: {
        this.#registries.delete(handle);
        return registry.subject.dispose?.();
      }
    }
  }

  async #open(handle: string, { options }: Params<'open'>): Promise<void> {
    const registry = new Served(handle, this);
    const clock = offers(this.adapter, undefined, 'virtual-time') ? registry.clock : new RealClock();
    registry.subject = await this.adapter.open({ ...(options as Omit<OpenOptions, 'clock'>), clock });
    this.#registries.set(handle, registry);
  }

  /** What the adapter says, and what a registry of its has. */
  async #introduction(): Promise<Introduction> {
    const { adapter } = this;
    const subject = await adapter.open({ clock: offers(adapter, undefined, 'virtual-time') ? new VirtualClock() : new RealClock() });
    await subject.dispose?.();
    const has = (name: string): boolean => typeof (subject as Record<string, unknown>)[name] === 'function';
    const does = (feature: 'partitions' | 'thresholds' | 'virtual-time' | 'slow-commit' | 'send-failures' | 'send-awaited'): boolean => offers(adapter, subject, feature);
    const features = (['partitions', 'thresholds', 'virtual-time', 'slow-commit', 'send-failures', 'send-awaited'] as const).filter(does);
    this.awaits = features.includes('send-awaited');
    return {
      protocol: protocolVersion,
      name: adapter.name,
      ...(adapter.version !== undefined && { version: adapter.version }),
      ...(adapter.consistency !== undefined && { consistency: adapter.consistency }),
      ...(adapter.sla !== undefined && { sla: adapter.sla as Introduction['sla'] }),
      features,
      without: [...(adapter.without ?? [])],
      methods: [
        ...(Object.keys(operations) as RemoteOperation[]).filter((name) => has(name === 'broadcast' ? 'routeToTransport' : name)),
        ...(features.includes('virtual-time') ? ['time/advance' as const] : []),
        ...(features.includes('slow-commit') ? ['fault/slowCommit' as const] : []),
        ...(has('waits') ? ['waits' as const] : []),
        'settle',
      ],
    };
  }
}

/** What an operation threw, or rejected with. */
function failureOf(error: unknown): object {
  if (error instanceof Refusal) return { code: error.code, message: error.message };
  try {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    return { code: errorCodes.refused, message: typeof message === 'string' ? message : show(error), ...(typeof code === 'string' && { data: { code } }) };
  } catch {
    return { code: errorCodes.refused, message: show(error) };
  }
}

/** As where adapter and kit share a process: a rejection that nobody handles is bad style, unless it is that of an endpoint (RTE-6), which ends this one. */
export function tolerateRejections(): void {
  process.on('unhandledRejection', (reason) => {
    if (reason instanceof EndpointFailed) throw reason;
  });
}

/**
 * Speaks the protocol for the registries of an adapter, until the input ends: what makes any adapter in this language a program. What
 * is printed meanwhile goes to stderr. One line is done after the other, as far as that does not wait; promise jobs run in between.
 */
export async function serve(adapter: Adapter, { input = process.stdin, output = process.stdout }: { readonly input?: Readable; readonly output?: Writable } = {}): Promise<void> {
  const write = output.write.bind(output) as Writable['write'];
  const host = new Host(adapter, { write } as Writable);
  if (output === process.stdout) {
    process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
    tolerateRejections();
  }
  const reader = new LineReader(limits.line);
  for await (const chunk of input as AsyncIterable<Buffer>) {
    for (const line of reader.read(chunk)) {
      host.hear(line);
      await drained();
    }
  }
  host.outbox.flush();
}
