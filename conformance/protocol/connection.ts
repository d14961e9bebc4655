import type { z } from 'zod';
import { AdapterError } from '../contract.js';
import { safe, show } from '../engine/show.js';
import { envelopes, errorCodes, limits, notifications, operations, requests, type Failure, type Method, type Notification, type Params, type RemoteOperation } from './messages.js';
import { LineError, LineReader, readJson } from './lines.js';

/** A program has answered a request with an error. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** One of the specified codes, where the program says one. */
  readonly code: string | undefined;
  constructor(readonly failure: Failure) {
    super(failure.message);
    this.code = failure.data?.code;
  }
}

/** What a program tells without being asked. What it gives back, or a promise of it, is answered if the program asked for an answer. */
export type Hear = <N extends Notification>(method: N, params: z.infer<(typeof notifications)[N]>) => unknown;

export interface ConnectionOptions {
  /** Writes whole lines. */
  readonly write: (lines: string) => void;
  readonly hear: Hear;
  /** The reason of a verdict, with what else is known. */
  readonly because?: (reason: string) => AdapterError;
  /** The connection is of no use any more: called once. */
  readonly broken: (error: AdapterError) => void;
}

interface Pending {
  readonly method: Method;
  readonly params: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** How many operations may be under way at once, unless the program says. */
const usualConcurrency = 256;

const where = 'docs/protocol.md';

/**
 * The kit's end of a connection to a program: requests whose answers may come in any order, and what the program tells by itself. All
 * that comes is validated. The first thing that is not what it has to be ends the connection, with an error that says what was
 * expected and what came: nothing that a program says after that can be trusted. It never waits: whoever does bounds the wait.
 */
export class Connection {
  /** How many messages have been sent. */
  sent = 0;
  concurrency = usualConcurrency;
  readonly #reader = new LineReader(limits.line);
  readonly #pending = new Map<number, Pending>();
  /** Operations that wait for their turn. */
  #queue: Pending[] = [];
  /** Requests that need no answer any more, and may get one. */
  readonly #forgotten = new Set<number>();
  #next = 0;
  #underWay = 0;
  #outbox = '';
  #unasked = 0;
  #error: AdapterError | undefined;
  #last: Pending | undefined;

  constructor(private readonly options: ConnectionOptions) {}

  /** Why it is of no use any more. */
  get error(): AdapterError | undefined {
    return this.#error;
  }

  /**
   * Asks for something. Rejects with a {@link RequestError} if that is the answer, and with an {@link AdapterError} if the connection
   * breaks first. Operations beyond the concurrency of the program wait for their turn; all else is sent at once.
   */
  request<M extends Method>(method: M, params: Params<M>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const pending = { method, params, resolve, reject };
      if (this.#error !== undefined) reject(this.#error);
      else if (!(method in operations) || this.#underWay < this.concurrency) this.#send(pending);
      else if (this.#queue.length < limits.open) this.#queue.push(pending);
      else reject(new AdapterError(`more than ${limits.open} requests wait for their turn`));
    });
  }

  /** Whether operations of a registry wait for their turn. */
  holds(registry: string): boolean {
    return this.#queue.some(isOf(registry));
  }

  /** A registry is done with: what is open in it is not waited for, takes nobody's turn, and may be answered or not. */
  forget(registry: string): void {
    const isItsOwn = isOf(registry);
    this.#queue = this.#queue.filter((pending) => !isItsOwn(pending));
    for (const [id, pending] of this.#pending) {
      if (!isItsOwn(pending)) continue;
      this.#pending.delete(id);
      this.#forgotten.add(id);
      if (pending.method in operations) this.#underWay--;
    }
    this.#sendNext();
  }

  /** What has come from the program. */
  receive(chunk: Buffer): void {
    if (this.#error !== undefined) return;
    try {
      for (const line of this.#reader.read(chunk)) {
        this.#heard(line, readJson(line, limits.depth));
        if (this.#error !== undefined) return;
      }
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      this.#wrong('messages', 'a message of JSON-RPC 2.0 in one line of JSON', error.message);
    }
  }

  /** The program has nothing more to say, or must not be listened to any longer: all that is open fails with this. */
  break(error: AdapterError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#outbox = '';
    const open = [...this.#pending.values(), ...this.#queue];
    this.#pending.clear();
    this.#queue.length = 0;
    this.options.broken(error);
    for (const { reject } of open) reject(error);
  }

  /** What came of a line that was not finished. */
  get unfinished(): string {
    return this.#reader.rest;
  }

  #send(pending: Pending): void {
    if (this.#pending.size >= limits.open) {
      this.#queue.push(pending);
      return this.#fail(`the program has not answered ${limits.open} requests, the first of them ${describe([...this.#pending.values()][0]!)}`);
    }
    const id = this.#next++;
    if (pending.method in operations) this.#underWay++;
    this.#pending.set(id, pending);
    this.#last = pending;
    this.#write({ jsonrpc: '2.0', id, method: pending.method, params: pending.params });
  }

  #sendNext(): void {
    while (this.#underWay < this.concurrency && this.#error === undefined) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#send(next);
    }
  }

  /** Whatever is sent in one turn goes in one piece. */
  #write(message: unknown): void {
    this.sent++;
    if (this.#outbox === '') queueMicrotask(() => this.#flush());
    this.#outbox += `${JSON.stringify(message)}\n`;
  }

  #flush(): void {
    const lines = this.#outbox;
    this.#outbox = '';
    if (lines !== '') this.options.write(lines);
  }

  #heard(line: string, message: unknown): void {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) return this.#wrong('messages', 'an object, one message in a line', line);
    if ('method' in message) return this.#told(line, message);
    const parsed = 'error' in message ? envelopes.error.safeParse(message) : envelopes.result.safeParse(message);
    if (!parsed.success || ('error' in message && 'result' in message) || !('error' in message || 'result' in message)) {
      return this.#wrong('answers', `an answer, { "jsonrpc": "2.0", "id", "result" } or { "jsonrpc": "2.0", "id", "error": { "code", "message" } }${parsed.success ? '' : `; ${reason(parsed.error)}`}`, line);
    }
    this.#answered(line, parsed.data);
  }

  #answered(line: string, answer: { readonly id: number | string | null; readonly result?: unknown; readonly error?: Failure }): void {
    const pending = typeof answer.id === 'number' ? this.#pending.get(answer.id) : undefined;
    if (pending === undefined) {
      if (this.#forgotten.delete(answer.id as number)) return;
      const complains = answer.error !== undefined && answer.id === null;
      return this.#wrong('answers', complains ? 'an answer: the program could not read a request' : 'an answer to a request that is open, with its id', line);
    }
    const { method, resolve, reject } = pending;
    // It says that it offers the method, or has to have it.
    if (answer.error?.code === errorCodes.method) return this.#wrong('methods', `an answer to ${describe(pending)}: the program has said that it has the method`, line, pending);
    const parsed = answer.error === undefined ? requests[method].result.safeParse(answer.result) : undefined;
    if (parsed?.success === false) return this.#wrong(method === 'initialize' ? 'initialize' : 'methods', `the result of ${describe(pending)}; ${reason(parsed.error)}`, line, pending);
    // Only now: what is wrong fails with all the rest that is open.
    this.#pending.delete(answer.id as number);
    this.#unasked = 0;
    if (method in operations) {
      this.#underWay--;
      this.#sendNext();
    }
    if (answer.error === undefined) resolve(parsed!.data);
    else reject(new RequestError(answer.error));
  }

  #told(line: string, message: object): void {
    const hasId = 'id' in message;
    const envelope = (hasId ? envelopes.request : envelopes.notification).safeParse(message);
    if (!envelope.success) return this.#wrong('notifications', `a notification { "jsonrpc": "2.0", "method", "params" }; ${reason(envelope.error)}`, line);
    const { method, params } = envelope.data;
    if (!Object.hasOwn(notifications, method)) return this.#wrong('notifications', `one of ${Object.keys(notifications).join(', ')}`, line);
    if (hasId && method !== 'delivered') return this.#wrong('notifications', `\`${method}\` without an id: only \`delivered\` may ask for an answer`, line);
    const shape: z.ZodType = notifications[method as Notification];
    const parsed = shape.safeParse(params);
    if (!parsed.success) return this.#wrong('notifications', `the parameters of \`${method}\`; ${reason(parsed.error)}`, line);
    if (++this.#unasked > limits.unasked) return this.#fail(`the program floods: ${limits.unasked} messages that nobody asked for, the last of them \`${method}\`; see ${where}#limits`);
    let outcome: unknown;
    try {
      outcome = this.options.hear(method as Notification, parsed.data as never);
    } catch (error) {
      if (error instanceof AdapterError) return this.#fail(error.message);
      outcome = Promise.reject(error as Error);
    }
    if (!hasId) return void Promise.resolve(outcome).catch(() => undefined);
    const { id } = envelope.data as unknown as { readonly id: number | string };
    const answer = (more: { result: null } | { error: Failure }): void => void (this.#error ?? this.#write({ jsonrpc: '2.0', id, ...more }));
    Promise.resolve(outcome).then(
      () => answer({ result: null }),
      (error: unknown) => answer({ error: { code: errorCodes.refused, message: show(error, 200) } }),
    );
  }

  #fail(reason: string): void {
    this.break(this.options.because?.(reason) ?? new AdapterError(reason));
  }

  #wrong(section: string, expected: string, came: string, about = this.#last): void {
    const after = about === undefined ? 'before anything was asked' : `after ${describe(about)}`;
    this.#fail(`the program broke the protocol, ${after}: expected ${safe(expected, 300)}; came ${safe(came, 200)}; see ${where}#${section}`);
  }
}

const isOf = (registry: string) => ({ params }: Pending): boolean => (params as { readonly registry?: string }).registry === registry;

const describe = ({ method, params }: Pick<Pending, 'method' | 'params'>): string => `${method}(${show(params, 120)})`;

/** The first thing that is wrong, and where. */
function reason({ issues: [issue] }: z.ZodError): string {
  const { path, message } = issue!;
  return path.length > 0 ? `\`${path.map(String).join('.')}\`: ${message}` : message;
}

/** Whether a name is that of an operation of the protocol. */
export const isOperation = (name: string): name is RemoteOperation => Object.hasOwn(operations, name);
