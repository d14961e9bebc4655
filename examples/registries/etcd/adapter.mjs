/*
 * etcd as a registry: a name is a key that is put for a lease, by a transaction that finds it absent, and goes when nobody keeps the
 * lease alive. So do https://etcd.io/docs/v3.4/dev-guide/interacting_v3/ (leases) and https://etcd.io/docs/v3.4/learning/api/
 * (transactions, `create_revision`) teach it, and the page of the client: https://microsoft.github.io/etcd3/classes/Lease.html.
 *
 *     npx sharded-registry verify ./adapter.mjs --timeout 12000 --runs 5 --expected-failures differences.yaml
 *
 * Half of the time-out is what the kit gives a "down", and that takes here until the lease has ended, some two seconds each time: hence
 * the few runs.
 */
import { ClientClosedError, Etcd3, EtcdLeaseInvalidError, GRPCCancelledError } from 'etcd3';
import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { carries, refusal } from '../plain.mjs';
import { freePorts, startServer } from '../server.mjs';

/** The shortest lease that etcd grants, as it is by default: one and a half times its election time-out. Seconds. */
const ttl = 2;
/** How often a lease is kept alive: a third of it is what clients of etcd do. Milliseconds. */
const renewMs = 600;

let server;
let keeper;

async function start() {
  const [port, peer] = await freePorts(2);
  const [hosts, peers] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peer}`];
  await startServer('etcd', ['--data-dir', 'FOLDER/data', '--listen-client-urls', hosts, '--advertise-client-urls', hosts, '--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`], port);
  const client = new Etcd3({ hosts });
  ({ version: adapter.version } = await client.maintenance.status());
  client.close();
  return hosts;
}

/** What waits for its lease, by address. */
const waiting = new Map();

function startKeeper(hosts) {
  keeper = new Worker(new URL('keeper.mjs', import.meta.url), { workerData: { hosts, ttl, renewMs } });
  keeper.on('error', ({ message }) => adapter.breakdowns.push(message));
  keeper.on('message', ({ address, lease, breakdown }) => {
    if (breakdown !== undefined) return void adapter.breakdowns.push(breakdown);
    waiting.get(address)(lease);
    waiting.delete(address);
    // It is no reason for anybody to stay, but for whoever waits.
    if (waiting.size === 0) keeper.unref();
  });
  keeper.unref();
}

/** An endpoint as the process that it stands for: it has a client of its own, and a lease that is kept alive until it goes down. */
class Process {
  address = randomUUID();
  lease;
  #client;

  constructor(hosts, folder, endpoint) {
    this.endpoint = endpoint;
    this.#client = new Etcd3({ hosts });
    this.store = this.#client.namespace(folder);
    if (endpoint.signal.aborted) return void this.#client.close();
    endpoint.signal.addEventListener('abort', this.die);
    this.lease = new Promise((resolve) => waiting.set(this.address, resolve));
    keeper.ref();
    keeper.postMessage({ address: this.address, isAlive: true });
  }

  /** Without a goodbye: the lease is left to end by itself. */
  die = () => {
    this.endpoint.signal.removeEventListener('abort', this.die);
    keeper.postMessage({ address: this.address, isAlive: false });
    this.#client.close();
  };
}

class Registry {
  #client;
  #store;
  #isOwner;
  #processes = new Map();
  #byAddress = new Map();

  constructor(hosts, folder, isOwner) {
    this.handle = { hosts, folder };
    this.#isOwner = isOwner;
    this.#client = new Etcd3({ hosts });
    this.#store = this.#client.namespace(folder);
  }

  registerServer = (id, endpoint, config) => this.#register(`servers/${id}`, endpoint, config);
  registerTransport = (id, endpoint, config) => this.#register(`transports/${id}`, endpoint, config);
  unregisterServer = (id) => this.#unregister(`servers/${id}`);
  unregisterTransport = (id) => this.#unregister(`transports/${id}`);
  findServer = (id) => this.#find('servers/', id);
  findTransport = (id) => this.#find('transports/', id);
  listServers = () => this.#list('servers/');
  listTransports = () => this.#list('transports/');

  async updateServer(id, config) {
    const key = `servers/${id}`;
    for (;;) {
      const { kvs: [found] } = await this.#store.get(key).exec();
      if (found === undefined) throw refusal('server_not_found');
      const { address } = JSON.parse(found.value);
      const { succeeded } = await this.#store.if(key, 'Mod', '==', found.mod_revision).then(this.#store.put(key).value(JSON.stringify({ address, config })).ignoreLease()).commit();
      if (succeeded) return;
    }
  }

  async dispose() {
    for (const process of this.#processes.values()) process.die();
    // Who only connected to it leaves it to the others.
    if (this.#isOwner) await this.#store.delete().all();
    this.#client.close();
  }

  async #register(key, endpoint, config = {}) {
    const process = this.#processOf(endpoint);
    try {
      const { store, address } = process;
      const lease = (await process.lease) ?? 0;
      const { succeeded } = await store.if(key, 'Create', '==', 0).then(store.put(key).value(JSON.stringify({ address, config })).lease(lease)).commit();
      if (!succeeded) throw refusal('already_registered');
    } catch (error) {
      // Its lease had ended, or its client had been closed: it is not there any more. If it was closed meanwhile, nobody has heard the answer.
      if (error instanceof EtcdLeaseInvalidError || error instanceof ClientClosedError) throw refusal('endpoint_down');
      throw error instanceof GRPCCancelledError ? refusal('outcome_unknown') : error;
    }
  }

  async #unregister(key) {
    await this.#store.delete().key(key);
  }

  async #find(folder, id) {
    const found = await this.#store.get(folder + id).string();
    return found === null ? undefined : this.#shown(id, found);
  }

  async #list(folder) {
    const all = await this.#store.getAll().prefix(folder).strings();
    return Object.entries(all).map(([key, found]) => this.#shown(key.slice(folder.length), found));
  }

  #shown(id, found) {
    const { address, config } = JSON.parse(found);
    // That of an endpoint in another process is its address.
    return { id, endpoint: this.#byAddress.get(address)?.endpoint ?? address, config };
  }

  #processOf(endpoint) {
    let process = this.#processes.get(endpoint);
    if (process === undefined) {
      process = new Process(this.handle.hosts, this.handle.folder, endpoint);
      this.#processes.set(endpoint, process);
      this.#byAddress.set(process.address, process);
    }
    return process;
  }
}

export const adapter = {
  name: 'etcd',
  version: undefined,
  // Messages, bindings and statistics are not what it is for: there are no operations for them here. Names go when a lease ends.
  without: ['in-process'],
  breakdowns: [],
  carries,
  async open() {
    server ??= start();
    return client({ hosts: await server, folder: `${randomUUID()}/` }, true);
  },
  connect: (handle) => client(handle, false),
};

function client({ hosts, folder }, isOwner) {
  if (keeper === undefined) startKeeper(hosts);
  return new Registry(hosts, folder, isOwner);
}
