import type { Config, Delivery, Endpoint, Registration } from '../../spec/index.js';
import type { Subject } from '../contract.js';

/** Correct registries that offer little, each by itself: a few lines that share nothing with any other. */

const refusal = (code: string): Error => Object.assign(new Error(code), { code });

function checked(...ids: unknown[]): void {
  for (const id of ids) {
    const fine = typeof id === 'string' && id.length > 0 && Array.from(id).length < 256 && Buffer.from(id, 'utf8').toString('utf8') === id && !id.includes('\u0000');
    if (!fine) throw refusal('invalid_argument');
  }
}

function checkedEndpoint(endpoint: Endpoint): void {
  if (typeof endpoint?.send !== 'function' || !(endpoint.signal instanceof AbortSignal)) throw refusal('invalid_argument');
}

/** Servers and nothing else: no configurations, and nobody looks whether an endpoint is up. */
export class ServersOnly implements Subject {
  #names: readonly (readonly [id: string, endpoint: Endpoint])[] = [];

  registerServer(id: string, endpoint: Endpoint): void {
    checked(id);
    checkedEndpoint(endpoint);
    if (this.findServer(id)) throw refusal('already_registered');
    this.#names = [[id, endpoint], ...this.#names];
  }

  unregisterServer(id: string): void {
    checked(id);
    this.#names = this.#names.filter(([name]) => name !== id);
  }

  findServer(id: string): Registration | null {
    checked(id);
    const found = this.#names.find(([name]) => name === id);
    return found ? { id, endpoint: found[1], config: {} } : null;
  }
}

/** Servers and transports that can be sent something, one at a time; nothing is bound, counted or closed. Ids are kept in hexadecimal. */
export class Switchboard implements Subject {
  readonly #lines = new Map<string, { readonly endpoint: Endpoint; readonly config: string }>();

  readonly #listeners = new WeakMap<Endpoint, AbortController>();

  async registerServer(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    this.#plug('s', id, endpoint, config);
  }

  async registerTransport(id: string, endpoint: Endpoint, config: Config = {}): Promise<void> {
    this.#plug('t', id, endpoint, config);
  }

  async unregisterServer(id: string): Promise<void> {
    this.#unplug(this.#line('s', id));
  }

  async unregisterTransport(id: string): Promise<void> {
    this.#unplug(this.#line('t', id));
  }

  async findServer(id: string): Promise<Registration | undefined> {
    return this.#shown(this.#line('s', id));
  }

  async findTransport(id: string): Promise<Registration | undefined> {
    return this.#shown(this.#line('t', id));
  }

  async listServers(): Promise<Registration[]> {
    return this.#all('s');
  }

  async listTransports(): Promise<Registration[]> {
    return this.#all('t');
  }

  async routeToServer(serverId: string, transportId: string, message: unknown): Promise<number> {
    checked(transportId);
    return this.#say(this.#line('s', serverId), { namespace: 'server', to: serverId, from: transportId, message });
  }

  async routeToTransport(transportId: string | symbol, serverId: string, message: unknown): Promise<number> {
    checked(serverId);
    if (typeof transportId === 'symbol') return 0;
    return this.#say(this.#line('t', transportId), { namespace: 'transport', to: transportId, from: serverId, message });
  }

  #line(kind: 's' | 't', id: string): string {
    checked(id);
    return kind + Buffer.from(id, 'utf16le').toString('hex');
  }

  #plug(kind: 's' | 't', id: string, endpoint: Endpoint, config: Config): void {
    const line = this.#line(kind, id);
    checkedEndpoint(endpoint);
    if (endpoint.signal.aborted) throw refusal('endpoint_down');
    if (this.#lines.has(line)) throw refusal('already_registered');
    if (!this.#holds(endpoint)) this.#listen(endpoint);
    this.#lines.set(line, { endpoint, config: JSON.stringify(config) });
  }

  #unplug(line: string): void {
    const entry = this.#lines.get(line);
    if (!entry) return;
    this.#lines.delete(line);
    if (!this.#holds(entry.endpoint)) this.#listeners.get(entry.endpoint)?.abort();
  }

  #holds(endpoint: Endpoint): boolean {
    return [...this.#lines.values()].some((entry) => entry.endpoint === endpoint);
  }

  /** A signal of our own ends the listener: nobody needs to remember it. */
  #listen(endpoint: Endpoint): void {
    const listening = new AbortController();
    this.#listeners.set(endpoint, listening);
    const hangUp = (): void => {
      for (const [line, entry] of [...this.#lines]) if (entry.endpoint === endpoint) this.#unplug(line);
    };
    endpoint.signal.addEventListener('abort', hangUp, { signal: listening.signal });
  }

  #shown(line: string): Registration | undefined {
    const entry = this.#lines.get(line);
    return entry && { id: Buffer.from(line.slice(1), 'hex').toString('utf16le'), endpoint: entry.endpoint, config: JSON.parse(entry.config) as Config };
  }

  #all(kind: 's' | 't'): Registration[] {
    return [...this.#lines.keys()].filter((line) => line.startsWith(kind)).sort().map((line) => this.#shown(line)!);
  }

  #say(line: string, delivery: Delivery): number {
    const entry = this.#lines.get(line);
    if (!entry) return 0;
    try {
      void Promise.resolve(entry.endpoint.send(delivery)).then(undefined, () => undefined);
      return 1;
    } catch {
      return 0;
    }
  }
}
