import type { OpenOptions, Subject } from '../../../contract.js';
import { broadcast as everybody, type Config, type Delivery, type Endpoint, type Namespace, type Registration } from '../../../../spec/index.js';
import type { CorrectRegistry } from '../../correct-registries.js';
import { adapterOf, Book, copiedConfig, Refusal, subjectOf, validEndpoint, validId, type Entry } from './registry.js';

/** Other orders, other precedences, other ways to say nothing. */
class Contrary extends Book {
  #thrown = false;

  override register(namespace: Namespace, id: string, endpoint: Endpoint, config: Config = {}): void {
    this.assertOpen();
    validId(id);
    if (this.tables[namespace].has(id)) throw new Refusal('already_registered');
    validEndpoint(endpoint);
    if (endpoint.signal.aborted) throw new Refusal('endpoint_down');
    super.register(namespace, id, endpoint, config);
  }
  override unregister(namespace: Namespace, id: string): void {
    validId(id);
    if (!this.shut) super.unregister(namespace, id);
  }
  override unbind(transportId: string): void {
    validId(transportId);
    if (!this.shut) super.unbind(transportId);
  }
  override update(id: string, config: Config): void {
    validId(id);
    this.assertOpen();
    this.server(id);
    super.update(id, config);
  }
  override find(namespace: Namespace, id: string): Registration | undefined {
    validId(id);
    this.assertOpen();
    return super.find(namespace, id);
  }
  override list(namespace: Namespace): Registration[] {
    this.assertOpen();
    const list = super.list(namespace).sort((a, b) => (a.id < b.id ? 1 : -1));
    return list.length % 2 ? list.reverse() : list;
  }
  override serverOf(transportId: string): string | undefined {
    validId(transportId);
    this.assertOpen();
    return super.serverOf(transportId);
  }
  /** A `send` that throws does not count. */
  override route(namespace: Namespace, to: string, from: string, message: unknown): number {
    validId(from);
    validId(to);
    const entry = this.tables[namespace].get(to);
    return entry === undefined ? 0 : this.counted(entry, from, message);
  }
  /** Backwards; whoever has been unbound meanwhile is reached still, unless the name has ended; a `send` that throws does not count. */
  override broadcast(serverId: string, message: unknown): number {
    validId(serverId);
    const server = this.tables.server.get(serverId);
    if (server === undefined) return 0;
    let count = 0;
    for (const recipient of this.recipients(server).reverse()) count += recipient.live ? this.counted(recipient, serverId, message) : 1;
    return count;
  }
  private counted(entry: Entry, from: string, message: unknown): number {
    this.#thrown = false;
    this.hand(entry, from, message);
    const thrown = this.#thrown;
    this.#thrown = false;
    return thrown ? 0 : 1;
  }
  protected override failed(_entry: Entry, _delivery: Delivery, _error: unknown, how: 'thrown' | 'rejected'): void {
    this.#thrown = how === 'thrown';
  }
  /** Frozen, with the keys the other way round. */
  protected override shown({ id, endpoint, config }: Entry): Registration {
    return Object.freeze({ config: Object.freeze(copiedConfig(config)), endpoint, id });
  }
}

/** Some answers at once, some late; some refusals thrown, some rejected; nothing is null. */
function contrarySubject(book: Book): Subject {
  const plain = subjectOf(book);
  const late = async <T>(value: T): Promise<T> => {
    for (let turn = 0; turn < 3; turn++) await Promise.resolve();
    return value;
  };
  return {
    ...plain,
    registerServer: (id, endpoint, config) => book.register('server', id, endpoint, config),
    registerTransport: (id, endpoint, config) => {
      book.register('transport', id, endpoint, config);
      return late(undefined);
    },
    unregisterTransport: (id) => book.unregister('transport', id),
    bindTransportToServer: (transportId, serverId) => book.bind(transportId, serverId),
    unbindTransport: async (transportId) => late(book.unbind(transportId)),
    findServer: (id) => book.find('server', id) ?? null,
    findTransport: async (id) => late(book.find('transport', id)),
    getServerForTransport: (transportId) => book.serverOf(transportId) ?? null,
    listTransports: async () => late(book.list('transport')),
    routeToServer: async (to, from, message) => late(book.route('server', to, from, message)),
    close: () => book.close(),
  };
}

/**
 * Everything but reads and "down" goes through one queue, which is worked off in the next microtask, in the order of the calls: writes
 * are committed as a group, and messages handed over between them. Arguments are looked at when it is their turn. What a `send` calls
 * from within is queued behind what is there. Whoever is bound when the broadcast has its turn is reached.
 */
class Batches {
  readonly #jobs: (() => void)[] = [];
  #due = false;
  readonly add = <T>(job: () => T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      this.#jobs.push(() => {
        try {
          resolve(job());
        } catch (error) {
          reject(error);
        }
      });
      if (this.#due) return;
      this.#due = true;
      queueMicrotask(() => {
        for (let job; (job = this.#jobs.shift()); ) job();
        this.#due = false;
      });
    });
}

function batchedSubject(book: Book): Subject {
  const { add } = new Batches();
  const plain = subjectOf(book);
  return {
    ...plain,
    registerServer: (id, endpoint, config) => add(() => book.register('server', id, endpoint, config)),
    registerTransport: (id, endpoint, config) => add(() => book.register('transport', id, endpoint, config)),
    unregisterServer: (id) => add(() => book.unregister('server', id)),
    unregisterTransport: (id) => add(() => book.unregister('transport', id)),
    updateServer: (id, config) => add(() => book.update(id, config)),
    bindTransportToServer: (transportId, serverId) => add(() => book.bind(transportId, serverId)),
    unbindTransport: (transportId) => add(() => book.unbind(transportId)),
    routeToServer: (to, from, message) => add(() => book.route('server', to, from, message)),
    routeToTransport: (to, from, message) => add(() => (to === everybody ? book.broadcast(from, message) : book.route('transport', to, from, message))),
    setAdmission: (mode) => add(() => book.setAdmission(mode)),
    close: () => add(() => book.close()),
  };
}

const contrary = ({ clock }: OpenOptions): Book => new Contrary(clock);

export const correct: readonly CorrectRegistry[] = [
  {
    differs: 'Broadcasts backwards, to whom has been unbound meanwhile too; a send that throws does not count; reads after close are refused, unregistering and unbinding succeed then; lists in odd orders; answers at once and late, refusals thrown and rejected, null for nothing.',
    adapter: adapterOf('routing correct: contrary', contrary, contrarySubject),
  },
  {
    differs: 'Writes, routing, admission and close go through one queue that is worked off in a microtask, in the order of the calls; arguments and names are looked at then, and what a send calls is queued behind.',
    adapter: adapterOf('routing correct: batches', ({ clock }) => new Book(clock), batchedSubject),
  },
];
