import type { Config, Endpoint, Registration } from '../../spec/index.js';
import { broadcast } from '../../spec/index.js';
import type { Adapter } from '../contract.js';

/**
 * A registry as it is often written in an afternoon: one Map for each kind, and a third for the bindings. It is here to
 * show what the kit says about one.
 */
class NaiveRegistry {
  readonly #servers = new Map<string, Registration>();
  readonly #transports = new Map<string, Registration>();
  readonly #bindings = new Map<string, string>();

  registerServer(id: string, endpoint: Endpoint, config: Config = {}): void {
    register(this.#servers, id, endpoint, config);
  }

  registerTransport(id: string, endpoint: Endpoint, config: Config = {}): void {
    register(this.#transports, id, endpoint, config);
    if (typeof config['serverId'] === 'string') this.#bindings.set(id, config['serverId']);
  }

  unregisterServer(id: string): void {
    this.#servers.delete(id);
  }

  unregisterTransport(id: string): void {
    this.#transports.delete(id);
    this.#bindings.delete(id);
  }

  updateServer(id: string, config: Config): void {
    const server = this.#servers.get(id);
    if (!server) throw refusal('server_not_found', `no server ${id}`);
    this.#servers.set(id, { ...server, config });
  }

  findServer(id: string): Registration | undefined {
    return this.#servers.get(id);
  }

  findTransport(id: string): Registration | undefined {
    return this.#transports.get(id);
  }

  listServers(): Registration[] {
    return [...this.#servers.values()];
  }

  listTransports(): Registration[] {
    return [...this.#transports.values()];
  }

  bindTransportToServer(transportId: string, serverId: string): void {
    if (!this.#servers.has(serverId)) throw refusal('server_not_found', `no server ${serverId}`);
    if (!this.#transports.has(transportId)) throw refusal('transport_not_found', `no transport ${transportId}`);
    this.#bindings.set(transportId, serverId);
  }

  unbindTransport(transportId: string): void {
    this.#bindings.delete(transportId);
  }

  getServerForTransport(transportId: string): string | undefined {
    return this.#bindings.get(transportId);
  }

  routeToServer(serverId: string, transportId: string, message: unknown): number {
    const server = this.#servers.get(serverId);
    if (!server) return 0;
    server.endpoint.send({ namespace: 'server', to: serverId, from: transportId, message });
    return 1;
  }

  routeToTransport(transportId: string | typeof broadcast, serverId: string, message: unknown): number {
    const recipients = transportId === broadcast ? [...this.#bindings].filter(([, server]) => server === serverId).map(([id]) => id) : [transportId];
    let count = 0;
    for (const id of recipients) {
      const transport = this.#transports.get(id);
      if (!transport) continue;
      transport.endpoint.send({ namespace: 'transport', to: id, from: serverId, message });
      count++;
    }
    return count;
  }
}

function register(names: Map<string, Registration>, id: string, endpoint: Endpoint, config: Config): void {
  if (!id) throw refusal('invalid_argument', 'an id must not be empty');
  if (names.has(id)) throw refusal('already_registered', `${id} is taken`);
  names.set(id, { id, endpoint, config });
  endpoint.signal.addEventListener('abort', () => names.delete(id));
}

const refusal = (code: string, message: string): Error => Object.assign(new Error(message), { code });

export const adapter: Adapter = { name: 'a naive Map', open: () => new NaiveRegistry() };
