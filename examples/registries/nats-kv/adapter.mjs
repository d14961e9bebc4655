/*
 * A bucket of NATS JetStream as a registry: a name is a key that is created if it does not exist, and updated if it is still at the
 * revision that was read, as https://docs.nats.io/nats-concepts/jetstream/key-value-store and the page of the client,
 * https://nats-io.github.io/nats.js/kv/, teach it.
 *
 *     npx sharded-registry verify ./adapter.mjs --runs 20 --expected-failures differences.yaml
 */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';
import { Addresses, carries, refusal } from '../plain.mjs';
import { freePorts, startServer } from '../server.mjs';

let server;

async function start() {
  const [port] = await freePorts(1);
  await startServer('nats-server', ['--addr', '127.0.0.1', '--port', port, '--jetstream', '--store_dir', 'FOLDER'], port);
  return port;
}

/** Keys are made of a few characters only: ids are encoded. */
const keyOf = (kind, id) => `${kind}.${Buffer.from(id).toString('base64url')}`;
const idOf = (key) => Buffer.from(key.slice(key.indexOf('.') + 1), 'base64url').toString();

const isGone = (entry) => entry === null || entry.operation !== 'PUT';

/** Whether a key was not at the revision at which it had to be. */
const isOutrun = (error) => error instanceof JetStreamApiError && [JetStreamApiCodes.StreamWrongLastSequence, JetStreamApiCodes.StreamWrongLastSequenceUnknown].includes(error.code);

class Registry {
  #connection;
  #bucket;
  #isOwner;
  #addresses = new Addresses();

  constructor(handle, connection, bucket, isOwner) {
    this.handle = handle;
    this.#connection = connection;
    this.#bucket = bucket;
    this.#isOwner = isOwner;
  }

  registerServer = (id, endpoint, config) => this.#register(keyOf('server', id), endpoint, config);
  registerTransport = (id, endpoint, config) => this.#register(keyOf('transport', id), endpoint, config);
  unregisterServer = (id) => this.#bucket.delete(keyOf('server', id));
  unregisterTransport = (id) => this.#bucket.delete(keyOf('transport', id));
  findServer = (id) => this.#find(keyOf('server', id));
  findTransport = (id) => this.#find(keyOf('transport', id));
  listServers = () => this.#list('server');
  listTransports = () => this.#list('transport');

  async updateServer(id, config) {
    const key = keyOf('server', id);
    for (;;) {
      const entry = await this.#bucket.get(key);
      if (isGone(entry)) throw refusal('server_not_found');
      try {
        return void (await this.#bucket.update(key, JSON.stringify({ ...entry.json(), config }), entry.revision));
      } catch (error) {
        if (!isOutrun(error)) throw error;
      }
    }
  }

  async dispose() {
    // Who only connected to it leaves it to the others.
    if (this.#isOwner) await this.#bucket.destroy();
    await this.#connection.close();
  }

  async #register(key, endpoint, config = {}) {
    try {
      await this.#bucket.create(key, JSON.stringify({ address: this.#addresses.of(endpoint), config }));
    } catch (error) {
      throw isOutrun(error) ? refusal('already_registered') : error;
    }
  }

  async #find(key) {
    const entry = await this.#bucket.get(key);
    if (isGone(entry)) return undefined;
    const { address, config } = entry.json();
    // That of an endpoint in another process is its address.
    return { id: idOf(key), endpoint: this.#addresses.endpointAt(address) ?? address, config };
  }

  /** Not of one moment: first the keys are listed, and then they are read. */
  async #list(kind) {
    const keys = [];
    for await (const key of await this.#bucket.keys(`${kind}.>`)) keys.push(key);
    return (await Promise.all(keys.map((key) => this.#find(key)))).filter((found) => found !== undefined);
  }
}

export const adapter = {
  name: 'NATS JetStream key/value',
  version: undefined,
  // A key belongs to nobody who could go down. Messages of NATS need no registry; bindings and statistics there are none.
  without: ['liveness', 'in-process'],
  carries,
  async open() {
    server ??= start();
    return client({ port: await server, name: randomUUID() }, true);
  },
  connect: (handle) => client(handle, false),
};

async function client({ port, name }, isOwner) {
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  adapter.version = connection.info.version;
  // Read from the leader: what any other server of a cluster says may be old.
  const bucket = await new Kvm(connection).create(name, { storage: 'memory', allow_direct: false });
  return new Registry({ port, name }, connection, bucket, isOwner);
}
