/*
 * Moleculer as a registry: a name is a service of a broker, https://moleculer.services/docs/0.14/services.html#broker-createService,
 * of the version `server` or `transport`, so that the two never meet; a message is a call of its action, and what there is is what the
 * broker tells of itself: https://moleculer.services/docs/0.14/services.html#Internal-Services.
 *
 *     npx sharded-registry verify ./adapter.mjs --expected-failures differences.yaml
 */
import { Errors, ServiceBroker } from 'moleculer';
import { Addresses, refusal } from '../plain.mjs';

/** How long anything is waited for. Milliseconds. */
const waitMs = 500;

class Registry {
  #broker = new ServiceBroker({ logger: false, skipProcessEventRegistration: true, requestTimeout: waitMs, registry: { stopDelay: 0 } });
  #addresses = new Addresses();

  async start() {
    await this.#broker.start();
    return this;
  }

  registerServer = (id, endpoint, config) => this.#register('server', id, endpoint, config);
  registerTransport = (id, endpoint, config) => this.#register('transport', id, endpoint, config);
  unregisterServer = (id) => this.#unregister('server', id);
  unregisterTransport = (id) => this.#unregister('transport', id);
  findServer = (id) => this.#find('server', id);
  findTransport = (id) => this.#find('transport', id);
  listServers = () => this.#list('server');
  listTransports = () => this.#list('transport');
  routeToServer = (to, from, message) => this.#route('server', to, from, message);
  routeToTransport = (to, from, message) => this.#route('transport', to, from, message);

  dispose() {
    return this.#broker.stop();
  }

  async #register(version, name, endpoint, config = {}) {
    try {
      this.#broker.createService({
        name,
        version,
        metadata: { address: this.#addresses.of(endpoint), config },
        actions: { receive: ({ params, meta }) => endpoint.send({ namespace: version, to: name, from: meta.from, message: params.message }) },
      });
    } catch (error) {
      throw error instanceof Errors.ServiceSchemaError ? refusal('invalid_argument') : error;
    }
    try {
      // A service is not there before it has started, and will not be if it is destroyed before.
      await this.#broker.waitForServices({ name, version }, waitMs, 5);
    } catch {
      throw refusal('outcome_unknown');
    }
  }

  async #unregister(version, name) {
    try {
      await this.#broker.destroyService({ name, version });
    } catch (error) {
      throw error instanceof Errors.ServiceNotFoundError ? refusal(`${version}_not_found`) : error;
    }
  }

  #find(version, name) {
    const service = this.#broker.getLocalService({ name, version });
    return service && this.#shown(service);
  }

  async #list(version) {
    const services = await this.#broker.call('$node.services', { skipInternal: true });
    return services.filter((service) => service.version === version).map((service) => this.#shown(service));
  }

  #shown({ name, metadata: { address, config } }) {
    return { id: name, endpoint: this.#addresses.endpointAt(address), config };
  }

  /** A call waits for what the action gives back, and fails as that does: where there is no action, it was not found. */
  async #route(version, to, from, message) {
    try {
      await this.#broker.call(`${version}.${to}.receive`, { message }, { meta: { from } });
      return 1;
    } catch (error) {
      if (error instanceof Errors.ServiceNotFoundError || error instanceof Errors.ServiceNotAvailableError) return 0;
      throw error instanceof Errors.RequestTimeoutError ? refusal('outcome_unknown') : error;
    }
  }
}

export const adapter = {
  name: 'Moleculer',
  version: ServiceBroker.MOLECULER_VERSION,
  // Services go when their node does, of which there is one here, and no sooner.
  without: ['liveness'],
  open: () => new Registry().start(),
};
