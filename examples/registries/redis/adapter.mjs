/*
 * Redis as a registry: a name is a key that is set if there is none (`NX`) and expires (`PX`) unless its holder renews it, as
 * https://redis.io/docs/latest/commands/set/ teaches it for locks. What has to look before it changes something is a script, which runs
 * by itself: https://redis.io/docs/latest/develop/programmability/eval-intro/. Messages are published to the channel of the process
 * that has the name: https://redis.io/docs/latest/develop/pubsub/.
 *
 *     npx sharded-registry verify ./adapter.mjs --timeout 8000 --runs 20 --expected-failures differences.yaml
 *
 * Half of the time-out is what the kit gives a "down", and that takes here until the keys have expired, up to a second each
 * time: hence the few runs.
 */
import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { ClientClosedError, createClient, defineScript, DisconnectsClientError } from 'redis';
import { carries, refusal } from '../plain.mjs';
import { freePorts, startServer } from '../server.mjs';

/** How long a key lives that is not renewed, and how often that is done. Milliseconds. */
const leaseMs = 1_000;
const renewMs = 200;

/** A value is the address of a process, which is so long, and a configuration. */
const addressLength = randomUUID().length;
const addressOf = `redis.call('GETRANGE', KEYS[1], 0, ${addressLength - 1})`;

const script = (lua) =>
  defineScript({
    SCRIPT: lua,
    NUMBER_OF_KEYS: 1,
    parseCommand: (parser, key, ...values) => {
      parser.pushKey(key);
      parser.push(...values);
    },
    transformReply: (reply) => reply,
  });

const scripts = {
  /** Replaces a configuration. Gives whether there was one. */
  reconfigure: script(`local address = ${addressOf}
    if address == '' then return 0 end
    redis.call('SET', KEYS[1], address .. ARGV[1], 'KEEPTTL')
    return 1`),
  /** Publishes a message to whoever has the key. Gives to how many clients. */
  route: script(`local address = ${addressOf}
    if address == '' then return 0 end
    return redis.call('PUBLISH', address, ARGV[1])`),
};

async function connect(port) {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, scripts });
  client.on('error', () => undefined);
  return client.connect();
}

let server;
let keeper;

async function start() {
  const [port] = await freePorts(1);
  await startServer('redis-server', ['--port', port, '--bind', '127.0.0.1', '--dir', 'FOLDER', '--save', '', '--appendonly', 'no', '--maxclients', 20_000], port);
  const client = await connect(port);
  adapter.version = /redis_version:(\S+)/.exec(await client.info('server'))[1];
  await client.close();
  return port;
}

function startKeeper(port) {
  keeper = new Worker(new URL('keeper.mjs', import.meta.url), { workerData: { port, leaseMs, renewMs, addressLength } });
  keeper.on('message', (breakdown) => adapter.breakdowns.push(breakdown)).on('error', ({ message }) => adapter.breakdowns.push(message));
  keeper.unref();
}

/** An endpoint as the process that it stands for: it has a client of its own, takes messages and has its keys renewed until it goes down. */
class Process {
  address = randomUUID();

  constructor(endpoint) {
    this.endpoint = endpoint;
  }

  async join(port) {
    const { signal } = this.endpoint;
    this.client = await connect(port);
    await this.client.subscribe(this.address, (message) => this.endpoint.send(JSON.parse(message)));
    if (signal.aborted) this.die();
    else signal.addEventListener('abort', this.die);
  }

  async set(key, config) {
    const isSet = (await this.client.set(key, this.address + JSON.stringify(config), { condition: 'NX', expiration: { type: 'PX', value: leaseMs } })) !== null;
    if (isSet && this.client.isOpen) keeper.postMessage({ address: this.address, key });
    return isSet;
  }

  /** Without a goodbye: what it holds is left to expire. */
  die = () => {
    this.endpoint.signal.removeEventListener('abort', this.die);
    keeper.postMessage({ address: this.address });
    if (this.client.isOpen) this.client.destroy();
  };
}

class Registry {
  #client;
  #processes = new Map();
  #byAddress = new Map();

  constructor(port, folder, client) {
    this.handle = { port, folder };
    this.#client = client;
  }

  registerServer = (id, endpoint, config) => this.#register(this.#server(id), endpoint, config);
  registerTransport = (id, endpoint, config) => this.#register(this.#transport(id), endpoint, config);
  unregisterServer = (id) => this.#unregister(this.#server(id));
  unregisterTransport = (id) => this.#unregister(this.#transport(id));
  findServer = (id) => this.#find(this.#server(id), id);
  findTransport = (id) => this.#find(this.#transport(id), id);
  listServers = () => this.#list(this.#server(''));
  listTransports = () => this.#list(this.#transport(''));
  routeToServer = (to, from, message) => this.#client.route(this.#server(to), JSON.stringify({ namespace: 'server', to, from, message }));
  routeToTransport = (to, from, message) => this.#client.route(this.#transport(to), JSON.stringify({ namespace: 'transport', to, from, message }));

  async updateServer(id, config) {
    if (!(await this.#client.reconfigure(this.#server(id), JSON.stringify(config)))) throw refusal('server_not_found');
  }

  async dispose() {
    for (const joined of this.#processes.values()) (await joined).die();
    this.#client.destroy();
  }

  #server = (id) => `${this.handle.folder}:server:${id}`;
  #transport = (id) => `${this.handle.folder}:transport:${id}`;

  async #register(key, endpoint, config = {}) {
    const process = await this.#processOf(endpoint);
    try {
      if (!(await process.set(key, config))) throw refusal('already_registered');
    } catch (error) {
      // Its client had been closed: it is not there any more. If it was closed meanwhile, nobody has heard the answer.
      throw error instanceof ClientClosedError ? refusal('endpoint_down') : error instanceof DisconnectsClientError ? refusal('outcome_unknown') : error;
    }
  }

  async #unregister(key) {
    await this.#client.del(key);
  }

  async #find(key, id) {
    const found = await this.#client.get(key);
    return found === null ? undefined : this.#shown(id, found);
  }

  /** Not of one moment: first the keys are listed, and then they are read. */
  async #list(start) {
    const keys = new Set();
    for await (const some of this.#client.scanIterator({ MATCH: `${start}*`, COUNT: 1_000 })) for (const key of some) keys.add(key);
    if (keys.size === 0) return [];
    const values = await this.#client.mGet([...keys]);
    return [...keys].flatMap((key, i) => (values[i] === null ? [] : [this.#shown(key.slice(start.length), values[i])]));
  }

  #shown(id, found) {
    const address = found.slice(0, addressLength);
    // That of an endpoint in another process is its address.
    return { id, endpoint: this.#byAddress.get(address)?.endpoint ?? address, config: JSON.parse(found.slice(addressLength)) };
  }

  #processOf(endpoint) {
    let joined = this.#processes.get(endpoint);
    if (joined === undefined) {
      const process = new Process(endpoint);
      this.#byAddress.set(process.address, process);
      joined = process.join(this.handle.port).then(() => process);
      this.#processes.set(endpoint, joined);
    }
    return joined;
  }
}

export const adapter = {
  name: 'Redis',
  version: undefined,
  // What ties one key to another, and statistics, are not what it is for: there are no operations for them here. Keys go when they expire.
  without: ['in-process', 'send-failures', 'send-awaited'],
  breakdowns: [],
  carries,
  async open() {
    server ??= start();
    return adapter.connect({ port: await server, folder: randomUUID() });
  },
  async connect({ port, folder }) {
    if (keeper === undefined) startKeeper(port);
    return new Registry(port, folder, await connect(port));
  },
};
