import { createServer, connect as dial } from 'node:net';
import { ShardedRegistry, broadcast } from '../../dist/src/index.js';

/*
 * A registry behind a socket: what `Adapter.connect` is for. The server lives where it was opened; endpoints live with their clients,
 * and go down when these are gone. `SOCKET_REGISTRY_FAULT` plants a fault.
 */

const operations = ['registerServer', 'registerTransport', 'unregisterServer', 'unregisterTransport', 'updateServer', 'findServer', 'findTransport', 'listServers', 'listTransports', 'bindTransportToServer', 'unbindTransport', 'getServerForTransport', 'routeToServer', 'routeToTransport'];

const lines = (socket, heard) => {
  let rest = '';
  socket.setNoDelay(true).setEncoding('utf8').on('error', () => undefined).on('data', (data) => {
    const all = (rest + data).split('\n');
    rest = all.pop();
    for (const line of all) heard(JSON.parse(line));
  });
  return (message) => void (socket.writable && socket.write(`${JSON.stringify(message)}\n`));
};

function serve() {
  const registry = new ShardedRegistry();
  const sockets = new Set();
  const keys = new WeakMap();
  const shown = (value) => (value && value.endpoint ? { ...value, endpoint: keys.get(value.endpoint) } : value);
  const server = createServer((socket) => {
    sockets.add(socket);
    const lives = new Map();
    const endpointOf = (key) => {
      if (lives.has(key)) return lives.get(key).endpoint;
      const lifetime = new AbortController();
      const endpoint = { signal: lifetime.signal, send: (delivery) => say({ to: key, delivery }) };
      keys.set(endpoint, key);
      lives.set(key, { lifetime, endpoint });
      return endpoint;
    };
    const say = lines(socket, async ({ id, op, args, down }) => {
      if (down !== undefined) return void (endpointOf(down), lives.get(down).lifetime.abort());
      try {
        const given = args.map((arg) => (arg?.broadcast ? broadcast : arg?.key ? endpointOf(arg.key) : arg));
        if (process.env.SOCKET_REGISTRY_FAULT === 'check-then-act' && op === 'registerServer') {
          // Whoever looked before the other had registered takes the name away from it.
          const isFree = registry.findServer(given[0]) === undefined;
          await new Promise((resolve) => setTimeout(resolve, 1));
          if (isFree) await registry.unregisterServer(given[0]);
        }
        const value = await registry[op](...given);
        say({ id, value: Array.isArray(value) ? value.map(shown) : shown(value) });
      } catch (error) {
        say({ id, code: error.code });
      }
    });
    socket.on('close', () => {
      sockets.delete(socket);
      for (const { lifetime } of lives.values()) lifetime.abort();
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ port: server.address().port, close: () => (sockets.forEach((socket) => socket.destroy()), server.close()) }));
  });
}

let clients = 0;

function client(port, close) {
  const socket = dial(port, '127.0.0.1');
  const me = `${process.pid}.${Math.random()}.${++clients}`;
  const keys = new Map();
  const endpoints = new Map();
  const waiting = new Map();
  let calls = 0;
  const say = lines(socket, ({ id, value, code, to, delivery }) => {
    if (to !== undefined) return void endpoints.get(to)?.send(delivery);
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    const local = (one) => (one && one.endpoint ? { ...one, endpoint: endpoints.get(one.endpoint) ?? one.endpoint } : one);
    if (code === undefined) resolve(Array.isArray(value) ? value.map(local) : local(value));
    else reject(Object.assign(new Error(code), { code }));
  });
  const keyOf = (endpoint) => {
    let key = keys.get(endpoint);
    if (key === undefined) {
      keys.set(endpoint, (key = `${me}.${keys.size}`));
      endpoints.set(key, endpoint);
      if (endpoint.signal.aborted) say({ down: key });
      else endpoint.signal.addEventListener('abort', () => say({ down: key }), { once: true });
    }
    return { key };
  };
  const call = (op) => (...args) =>
    new Promise((resolve, reject) => {
      const id = ++calls;
      waiting.set(id, { resolve, reject });
      say({ id, op, args: args.map((arg) => (arg === broadcast ? { broadcast: true } : typeof arg?.send === 'function' ? keyOf(arg) : arg)) });
    });
  const misbehaves = process.env.SOCKET_REGISTRY_CLIENT;
  return {
    ...Object.fromEntries(operations.map((op) => [op, call(op)])),
    ...(misbehaves && !close && { findServer: misbehaviours[misbehaves](call('findServer')) }),
    handle: { port },
    dispose: () => {
      socket.destroy();
      close?.();
    },
  };
}

/** What the code of an adapter may do to the worker that it runs in, in the middle of a call. */
let found = 0;
const misbehaviours = {
  exits: (find) => (id) => (++found > 20 ? process.exit(7) : find(id)),
  hangs: (find) => (id) => {
    for (; ++found > 20; );
    return find(id);
  },
  floods: (find) => async (id) => {
    const { parentPort } = await import('node:worker_threads');
    const say = parentPort === null ? (one) => process.send(one) : (one) => parentPort.postMessage(one);
    if (++found > 20) for (let i = 0; i < 2_000; i++) say('flood');
    return find(id);
  },
};

export const adapter = {
  name: 'a registry behind a socket',
  without: ['in-process'],
  async open() {
    const { port, close } = await serve();
    return client(port, close);
  },
  connect: ({ port }) => client(port),
};
