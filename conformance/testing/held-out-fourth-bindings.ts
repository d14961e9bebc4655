import type { Delivery, Endpoint, Namespace } from '../../spec/index.js';
import { wrong } from './held-out-fourth-wrong.js';
import type { Mutant } from './mutant.js';
import { ThirdRegistry, type Bind, type Entry, type Job, type Watch } from './third-registry.js';

/* Held out: incarnations, bindings, endpoints going down, routing. */

const incarnations: readonly Mutant[] = [
  wrong(
    'incarnation-by-time',
    ['INC-1'],
    'Incarnations are told apart by when they were registered, so two at the same moment of the clock are one, and a late "down" of the first ends the second.',
    class extends ThirdRegistry {
      readonly #since = new WeakMap<Entry, number>();
      readonly #givenUp = new Map<Endpoint, readonly Entry[]>();

      protected override enter(entry: Entry): void {
        this.#since.set(entry, this.clock.now());
        super.enter(entry);
      }

      protected override leave(entry: Entry): void {
        super.leave(entry);
        if (this.watches.has(entry.endpoint)) this.#givenUp.set(entry.endpoint, [...(this.#givenUp.get(entry.endpoint) ?? []).slice(-15), entry]);
      }

      protected override forget(endpoint: Endpoint, watch: Watch): void {
        super.forget(endpoint, watch);
        this.#givenUp.delete(endpoint);
      }

      protected override down(endpoint: Endpoint): void {
        const late = this.#givenUp.get(endpoint) ?? [];
        super.down(endpoint);
        for (const old of late) {
          const entry = this.lookup(old.namespace, old.id);
          if (entry && this.#since.get(entry) === this.#since.get(old)) this.leave(entry);
        }
      }
    },
  ),

  wrong(
    'one-bit-generation',
    ['INC-2'],
    'A binding names the generation of its server by one bit, so that it holds for every other incarnation.',
    class extends ThirdRegistry {
      readonly #ended = new Map<string, { generation: number; readonly transports: readonly Entry[] }>();

      protected override endBindings(server: Entry): void {
        if (server.bound.size > 0 && !this.#ended.has(server.id)) this.#ended.set(server.id, { generation: 0, transports: [...server.bound] });
        super.endBindings(server);
      }

      protected override enter(entry: Entry): void {
        super.enter(entry);
        const ended = entry.namespace === 'server' ? this.#ended.get(entry.id) : undefined;
        if (ended === undefined) return;
        ended.generation ^= 1;
        if (ended.generation === 1) return;
        this.#ended.delete(entry.id);
        for (const transport of ended.transports) if (this.isCurrent(transport) && !transport.server) this.link(transport, entry);
      }
    },
  ),

  wrong(
    'members-by-id',
    ['INC-2', 'RTE-3'],
    'A server knows its transports by id; who unregisters is struck off, who goes down is not, and is reached by the next broadcast if somebody has that id again.',
    class extends ThirdRegistry {
      readonly #members = new WeakMap<Entry, Set<string>>();
      #downing = false;

      protected override link(transport: Entry, server: Entry): void {
        super.link(transport, server);
        if (!this.#members.has(server)) this.#members.set(server, new Set());
        this.#members.get(server)!.add(transport.id);
      }

      protected override unlink(transport: Entry): void {
        if (transport.server && !this.#downing) this.#members.get(transport.server)?.delete(transport.id);
        super.unlink(transport);
      }

      protected override down(endpoint: Endpoint): void {
        this.#downing = true;
        super.down(endpoint);
        this.#downing = false;
      }

      protected override broadcast(server: Entry, message: unknown): number {
        const recipients = [...(this.#members.get(server) ?? [])].map((id) => this.lookup('transport', id)).filter((entry) => entry !== undefined);
        for (const transport of recipients) this.handOver(transport, server.id, message);
        return recipients.length;
      }
    },
  ),
];

const bindings: readonly Mutant[] = [
  wrong(
    'add-then-delete',
    ['RTE-3', 'BND-6', 'DWN-2'],
    'A bind enters the transport with the new server and strikes it off the old one; when they are the same it is bound to a server that does not know it.',
    class extends ThirdRegistry {
      protected override link(transport: Entry, server: Entry): void {
        const before = transport.server;
        server.bound.add(transport);
        before?.bound.delete(transport);
        transport.server = server;
      }
    },
  ),

  wrong(
    'own-name-not-bound',
    ['BND-1'],
    'A transport must not be bound to itself, thought somebody, and compared the ids; that they are of two namespaces was forgotten, and nothing is done.',
    class extends ThirdRegistry {
      protected override applyBind(job: Bind): void {
        if (job.id !== job.serverId) super.applyBind(job);
      }
    },
  ),

  wrong(
    'binding-in-a-second-step',
    ['BND-8', 'CON-1'],
    'Registering a transport with the id of a server is a registration and then a bind, each committed by itself: in between it is there, and unbound.',
    class extends ThirdRegistry {
      protected override commit(job: Job): void {
        if (job.kind !== 'register' || job.namespace !== 'transport' || job.config.serverId === undefined || this.delay === 0) return super.commit(job);
        try {
          this.check(job);
        } catch (error) {
          return this.refused(job, error);
        }
        const entry = this.makeEntry(job);
        this.enter(entry);
        job.timer = this.clock.setTimeout(() => {
          if (this.isCurrent(entry)) this.bindAtRegistration(entry);
          this.measure(job);
          this.release(job);
          job.resolve();
          this.next(job.partition);
        }, this.delay);
      }
    },
  ),

  wrong(
    'bind-unlinks-first',
    ['CON-3', 'CON-1'],
    'A bind ends the present binding when it has its turn and makes the new one when it is committed: if it is refused then, because the server has gone meanwhile, the transport has none.',
    class extends ThirdRegistry {
      protected override schedule(job: Job): void {
        if (job.kind === 'bind') this.unlink(this.lookup('transport', job.id)!);
        super.schedule(job);
      }
    },
  ),
];

const downs: readonly Mutant[] = [
  wrong(
    'first-server-only',
    ['DWN-2'],
    'An endpoint was one server when "down" was written: its first one ends with its bindings, any further ones are only taken out of the table.',
    class extends ThirdRegistry {
      protected override down(endpoint: Endpoint): void {
        let ended = false;
        for (const entry of [...(this.watches.get(endpoint)?.entries ?? [])]) {
          if (entry.namespace === 'server' && ended) {
            this.names.server.delete(entry.id);
            this.unwatch(entry);
          } else {
            this.leave(entry);
            ended ||= entry.namespace === 'server';
          }
        }
      }
    },
  ),

  wrong(
    'down-inside-send-waits',
    ['DWN-3', 'RTE-8'],
    'So that nothing changes under the feet of who sends, a "down" from within a send takes effect when that send is over, and not before the abort returns.',
    class extends ThirdRegistry {
      readonly #waiting: Endpoint[] = [];
      #sends = 0;

      protected override deliver(endpoint: Endpoint, delivery: Delivery): unknown {
        this.#sends += 1;
        const outcome = super.deliver(endpoint, delivery);
        this.#sends -= 1;
        if (this.#sends === 0) for (const gone of this.#waiting.splice(0)) super.down(gone);
        return outcome;
      }

      protected override down(endpoint: Endpoint): void {
        if (this.#sends > 0) this.#waiting.push(endpoint);
        else super.down(endpoint);
      }
    },
  ),

  wrong(
    'down-in-portions',
    ['DWN-3'],
    'So that an endpoint with very many names does not hold everybody up, a hundred of them go at once and the others in the next turn of the event loop.',
    class extends ThirdRegistry {
      protected override down(endpoint: Endpoint): void {
        const entries = [...(this.watches.get(endpoint)?.entries ?? [])];
        for (const entry of entries.slice(0, 100)) this.leave(entry);
        if (entries.length > 100) queueMicrotask(() => entries.slice(100).forEach((entry) => this.isCurrent(entry) && this.leave(entry)));
      }
    },
  ),

  wrong(
    'watched-elsewhere',
    ['DWN-1'],
    'Which signals are listened to is noted in the module, not in the registry: of two registries in which an endpoint is registered only the first hears of its "down".',
    (() => {
      const watchedBy = new WeakMap<AbortSignal, ThirdRegistry>();
      return class extends ThirdRegistry {
        protected override watch(entry: Entry): void {
          super.watch(entry);
          const { signal, listener } = this.watches.get(entry.endpoint)!;
          if (!watchedBy.has(signal)) watchedBy.set(signal, this);
          else if (watchedBy.get(signal) !== this) signal.removeEventListener('abort', listener);
        }

        protected override forget(endpoint: Endpoint, watch: Watch): void {
          super.forget(endpoint, watch);
          if (watchedBy.get(watch.signal) === this) watchedBy.delete(watch.signal);
        }
      };
    })(),
  ),
];

interface Parcel {
  readonly entry: Entry;
  readonly from: string;
  readonly message: unknown;
}

/** What is sent from within a send is handed over when that one has ended. Correct as it stands. */
class Queueing extends ThirdRegistry {
  protected readonly waiting: Parcel[] = [];
  #busy = false;

  protected override handOver(entry: Entry, from: string, message: unknown): void {
    if (this.#busy) {
      this.post({ entry, from, message });
      return;
    }
    this.#busy = true;
    for (let parcel: Parcel | undefined = { entry, from, message }; parcel; parcel = this.take()) this.handOverNow(parcel);
    this.#busy = false;
  }

  protected handOverNow({ entry, from, message }: Parcel): void {
    super.handOver(entry, from, message);
  }

  protected post(parcel: Parcel): void {
    this.waiting.push(parcel);
  }

  protected take(): Parcel | undefined {
    return this.waiting.shift();
  }
}

/** A server has its transports in an array, in the order in which they were bound. Correct as it stands. */
class Listing extends ThirdRegistry {
  readonly #members = new WeakMap<Entry, Entry[]>();

  protected membersOf(server: Entry): Entry[] {
    if (!this.#members.has(server)) this.#members.set(server, []);
    return this.#members.get(server)!;
  }

  protected override link(transport: Entry, server: Entry): void {
    super.link(transport, server);
    this.membersOf(server).push(transport);
  }

  protected override unlink(transport: Entry): void {
    const members = transport.server ? this.membersOf(transport.server) : [];
    if (members.includes(transport)) members.splice(members.indexOf(transport), 1);
    super.unlink(transport);
  }

  protected override endBindings(server: Entry): void {
    super.endBindings(server);
    this.membersOf(server).length = 0;
  }
}

const routing: readonly Mutant[] = [
  wrong(
    'falsy-from-within',
    ['RTE-1'],
    'What is sent from within a send waits in a queue, and a message that is 0, empty, false or null is taken for none when it is put there.',
    class extends Queueing {
      protected override post(parcel: Parcel): void {
        if (parcel.message) super.post(parcel);
      }
    },
  ),

  wrong(
    'stack-from-within',
    ['RTE-4'],
    'What is sent from within a send waits in an array, from which it is taken with the wrong one of two functions: the last comes first.',
    class extends Queueing {
      protected override take(): Parcel | undefined {
        return this.waiting.pop();
      }
    },
  ),

  wrong(
    'addressed-late',
    ['RTE-1'],
    'What is sent from within a send waits with the name of its recipient, which is looked up when it is handed over: whoever has the name by then gets it.',
    class extends Queueing {
      protected override handOverNow({ entry, from, message }: Parcel): void {
        const now = this.lookup(entry.namespace, entry.id);
        if (now) super.handOverNow({ entry: now, from, message });
      }
    },
  ),

  wrong(
    'rejected-again',
    ['RTE-5'],
    'A send whose promise rejects is tried once more, in case it was the network; it may have delivered all the same.',
    class extends ThirdRegistry {
      protected override deliver(endpoint: Endpoint, delivery: Delivery): unknown {
        const outcome = super.deliver(endpoint, delivery);
        if (outcome instanceof Promise) outcome.catch(() => super.deliver(endpoint, delivery));
        return outcome;
      }
    },
  ),

  wrong(
    'throws-nothing',
    ['RTE-6'],
    'What a send throws is caught and its message kept for the log; a send that throws undefined or null has none, and that fails the routing call.',
    class extends ThirdRegistry {
      protected lastFailure = '';

      protected override deliver(endpoint: Endpoint, delivery: Delivery): unknown {
        try {
          const outcome = endpoint.send(delivery);
          if (typeof outcome === 'object' && outcome !== null) Promise.resolve(outcome).catch(() => {});
          return outcome;
        } catch (error) {
          this.lastFailure = (error as Error).message;
          return undefined;
        }
      }
    },
  ),

  wrong(
    'broadcast-by-index',
    ['RTE-3', 'RTE-7'],
    'A broadcast walks the array of transports itself: one that unbinds itself in its send moves the others up, and the next is passed over.',
    class extends Listing {
      protected override broadcast(server: Entry, message: unknown): number {
        const members = this.membersOf(server);
        const { length } = members;
        for (let at = 0; at < length && at < members.length; at += 1) this.handOver(members[at]!, server.id, message);
        return length;
      }
    },
  ),

  wrong(
    'broadcast-in-batches',
    ['RTE-9', 'RTE-4'],
    'A broadcast is handed over eight at a time, so that nobody has to wait for it, by place in the array: who unbinds meanwhile moves up the others, of which one is passed over.',
    class extends Listing {
      protected override async broadcast(server: Entry, message: unknown): Promise<number> {
        const members = this.membersOf(server);
        const { length } = members;
        for (let at = 0; at < length; at += 1) {
          if (at > 0 && at % 8 === 0) await undefined;
          const transport = members[at];
          if (transport) this.handOver(transport, server.id, message);
        }
        return length;
      }
    },
  ),

  wrong(
    'one-per-endpoint',
    ['RTE-3'],
    'So that nobody gets a broadcast twice, the recipients are a set of endpoints; one that has several of the transports gets it once.',
    class extends ThirdRegistry {
      protected override broadcast(server: Entry, message: unknown): number {
        const recipients = new Map([...server.bound].map((transport) => [transport.endpoint, transport]));
        for (const transport of recipients.values()) this.handOver(transport, server.id, message);
        return recipients.size;
      }
    },
  ),

  wrong(
    'one-delivery-for-all',
    ['RTE-1'],
    'A broadcast makes one delivery and changes its recipient from send to send; who keeps it finds the name of the last.',
    class extends ThirdRegistry {
      protected override broadcast(server: Entry, message: unknown): number {
        const delivery = { namespace: 'transport' as Namespace, to: '', from: server.id, message };
        const recipients = [...server.bound];
        for (const transport of recipients) {
          delivery.to = transport.id;
          if (this.isCurrent(transport)) this.deliver(transport.endpoint, delivery);
        }
        return recipients.length;
      }
    },
  ),

  wrong(
    'send-without-this',
    ['RTE-1'],
    'The send of an endpoint is taken out of it and called by itself, which an endpoint that is an object of a class does not survive.',
    class extends ThirdRegistry {
      protected override deliver(endpoint: Endpoint, delivery: Delivery): unknown {
        const { send, signal } = endpoint;
        return super.deliver({ send: (one) => send.call(undefined as unknown as Endpoint, one), signal }, delivery);
      }
    },
  ),
];

export const heldOutFourthBindings: readonly Mutant[] = [...incarnations, ...bindings, ...downs, ...routing];
