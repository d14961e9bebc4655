import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { broadcast, type Delivery, type Endpoint, type Registry } from '../../spec/index.js';
import type { Subject } from '../contract.js';

type Operation = keyof Registry;

/** What goes over the wire. An endpoint is a number there, and every error is its code. */
type ToServer = { readonly call: number; readonly operation: Operation; readonly args: readonly Argument[] } | { readonly down: number };
type ToClient =
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly code: string }
  | { readonly deliver: number; readonly delivery: Delivery };

type Argument = { readonly is: 'broadcast' } | { readonly is: 'data'; readonly data: unknown } | { readonly is: 'endpoint'; readonly handle: number; readonly aborted: boolean };

const refusal = (code: string): Error => Object.assign(new Error(`the registry says: ${code}`), { code });

/** The registry's side: calls it with stand-ins for the endpoints. */
function serve(registry: Subject, port: MessagePort): void {
  const standIns = new Map<number, { endpoint: Endpoint; lifetime: AbortController }>();
  const handles = new Map<Endpoint, number>();
  const send = (message: ToClient): void => port.postMessage(message);

  const standIn = (handle: number, aborted: boolean): Endpoint => {
    const known = standIns.get(handle);
    if (known) return known.endpoint;
    const lifetime = new AbortController();
    const endpoint = { send: (delivery: Delivery) => send({ deliver: handle, delivery }), signal: lifetime.signal };
    if (aborted) lifetime.abort();
    standIns.set(handle, { endpoint, lifetime });
    handles.set(endpoint, handle);
    return endpoint;
  };
  const onWire = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(onWire);
    if (typeof value !== 'object' || value === null || !('endpoint' in value)) return value;
    const { id, endpoint, config } = value as { id: string; endpoint: Endpoint; config: unknown };
    return { id, endpoint: handles.get(endpoint), config };
  };

  port.on('message', async (message: ToServer) => {
    if ('down' in message) {
      standIns.get(message.down)?.lifetime.abort();
      return;
    }
    const args = message.args.map((arg) => (arg.is === 'endpoint' ? standIn(arg.handle, arg.aborted) : arg.is === 'broadcast' ? broadcast : arg.data));
    try {
      const operation = registry[message.operation] as (...args: unknown[]) => unknown;
      send({ answer: message.call, value: onWire(await operation.apply(registry, args)) });
    } catch (error) {
      send({ answer: message.call, code: (error as { code: string }).code });
    }
  });
}

/** The client's side: everything is a copy by the time it arrives, and a "down" takes effect when the registry hears of it. */
class Client {
  readonly #calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #handles = new Map<Endpoint, number>();
  readonly #endpoints: Endpoint[] = [];
  #called = 0;

  constructor(private readonly port: MessagePort) {
    port.on('message', (message: ToClient) => this.#hear(message));
  }

  call(operation: Operation, args: readonly unknown[]): Promise<unknown> {
    const call = ++this.#called;
    const onWire = args.map((arg): Argument => (arg === broadcast ? { is: 'broadcast' } : this.#isEndpoint(arg) ? this.#handleOf(arg) : { is: 'data', data: arg }));
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      try {
        this.#post({ call, operation, args: onWire });
      } catch {
        // What cannot be sent is not what the interface takes.
        this.#calls.delete(call);
        reject(refusal('invalid_argument'));
      }
    });
  }

  #post(message: ToServer): void {
    this.port.postMessage(message);
  }

  #isEndpoint(value: unknown): value is Endpoint {
    return typeof value === 'object' && value !== null && typeof (value as Endpoint).send === 'function' && (value as Endpoint).signal instanceof AbortSignal;
  }

  #handleOf(endpoint: Endpoint): Argument {
    let handle = this.#handles.get(endpoint);
    if (handle === undefined) {
      const given = (handle = this.#endpoints.push(endpoint) - 1);
      this.#handles.set(endpoint, given);
      endpoint.signal.addEventListener('abort', () => this.#post({ down: given }), { once: true });
    }
    return { is: 'endpoint', handle, aborted: endpoint.signal.aborted };
  }

  #hear(message: ToClient): void {
    if ('deliver' in message) {
      try {
        Promise.resolve(this.#endpoints[message.deliver]!.send(message.delivery)).catch(() => undefined);
      } catch {
        // Nobody else's business (RTE-6).
      }
      return;
    }
    const { resolve, reject } = this.#calls.get(message.answer)!;
    this.#calls.delete(message.answer);
    if ('code' in message) reject(refusal(message.code));
    else resolve(this.#offWire(message.value));
  }

  #offWire(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#offWire(item));
    if (typeof value !== 'object' || value === null || !('endpoint' in value)) return value;
    return { ...value, endpoint: this.#endpoints[value.endpoint as number] };
  }
}

/** The registry behind a wire: a client that has the operations, and the wire to be taken down. */
export function overWire(registry: Subject, operations: readonly Operation[]): Subject {
  const { port1, port2 } = new MessageChannel();
  serve(registry, port1);
  const client = new Client(port2);
  const calls = Object.fromEntries(operations.map((operation) => [operation, (...args: unknown[]) => client.call(operation, args)]));
  return { ...(calls as unknown as Subject), dispose: () => (port2.close(), undefined) };
}
