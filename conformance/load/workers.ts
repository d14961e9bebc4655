import type { Ending } from './client.js';
import type { Ledger } from './ledger.js';
import { fromWorker, type Assignment, type FromWorker, type Note, type ToWorker } from './messages.js';
import { startPeer, type Peer } from './peer.js';
import type { Mix } from './plan.js';
import type { Site } from './site.js';

export interface WorkersOptions {
  readonly kind: 'threads' | 'processes';
  readonly workers: number;
  readonly mix: Mix;
  readonly origin: bigint;
  readonly patienceMs: number;
  /** When clients stop to call. Milliseconds from now. */
  readonly milliseconds: number;
  /** Where clients call the registry themselves. */
  readonly connect: Assignment['connect'];
  /** Ends one worker when half of all calls have been made, in the middle of its own. */
  readonly killsOne: boolean;
  readonly script?: URL;
}

/** A worker that was given up. */
export interface Abandoned {
  readonly worker: number;
  readonly reason: string;
}

/** Workers whose clients are done. */
export interface Retired {
  readonly abandoned: readonly Abandoned[];
  /** Lets the workers go, and their endpoints. */
  dismiss(): Promise<void>;
}

/** How often it is looked whether workers say anything. Milliseconds. */
const lookMs = 200;

/** A load whose clients are in threads or processes of their own, several in each. A worker that does not behave is ended, and the rest goes on. */
export async function runInWorkers(site: Site, ledger: Ledger, options: WorkersOptions): Promise<Retired> {
  const { kind, workers: count, mix, milliseconds, patienceMs, script = new URL('./worker.js', import.meta.url) } = options;
  const abandoned: Abandoned[] = [];
  const total = mix.clients * mix.operations;
  let toKill = options.killsOne && count > 1;
  let deadline = Infinity;
  const workers = Array.from({ length: count }, (_, number) => {
    const clients = Array.from({ length: mix.clients }, (_, client) => client).filter((client) => client % count === number);
    return new RemoteWorker(kind, script, clients, site, ledger, {
      number,
      gone: (reason) => void abandoned.push({ worker: number, reason }),
      // The last, so that what it has just called is under way.
      noted(worker) {
        // To begin with workers takes a while of its own.
        if (deadline === Infinity) deadline = performance.now() + milliseconds;
        if (!toKill || ledger.size < total / 2 || worker.open === 0) return;
        toKill = false;
        worker.abandon('it was ended on purpose, in the middle of its calls');
      },
    });
  });
  for (const worker of workers) worker.begin({ mix, clients: worker.clients, patienceMs, origin: String(options.origin), ...(options.connect && { connect: options.connect }) });

  // Each call of a worker ends within its patience, or is noted as lost: then it has said something.
  const silenceMs = Math.max(3_000, 3 * patienceMs);
  let stopped = false;
  let looks = 0;
  const look = setInterval(() => {
    if (!stopped && performance.now() >= deadline) {
      stopped = true;
      for (const worker of workers) worker.post({ kind: 'stop' });
    }
    looks++;
    for (const worker of workers) worker.look(looks, silenceMs / lookMs);
  }, lookMs);
  try {
    await Promise.all(workers.map(({ ended }) => ended));
  } finally {
    clearInterval(look);
  }
  return { abandoned, dismiss: async () => void (await Promise.all(workers.map((worker) => worker.dismiss()))) };
}

/** How long a worker may take to let go of what its endpoints hold outside. Milliseconds. */
const leaveMs = 1_000;

interface WorkerEvents {
  readonly number: number;
  readonly gone: (reason: string) => void;
  readonly noted: (worker: RemoteWorker) => void;
}

/** One worker, as the host sees it. */
class RemoteWorker {
  readonly ended: Promise<void>;
  readonly #peer: Peer;
  #finish!: () => void;
  readonly #left: Promise<void>;
  #leave!: () => void;
  #isFinished = false;
  /** Of its clients, as far as they live in it. */
  readonly #endpoints = new Set<string>();
  /** The last moment of which it has told. */
  #lastTime = 0;
  #isOver = false;
  /** Whether its clients call the registry themselves. */
  #callsItself = false;
  #heardAt = 0;
  #looked = 0;
  /** Which entry of the ledger each of its open calls is, and its ending where the host has made the call. */
  readonly #calls = new Map<number, { readonly entry: number; readonly start: number; ending?: Ending }>();
  #endings: [number, Ending][] = [];
  /** All that a worker may say that does as it was told: calls, ends, arrivals. */
  #allowance: number;

  constructor(
    kind: 'threads' | 'processes',
    script: URL,
    readonly clients: readonly number[],
    private readonly site: Site,
    private readonly ledger: Ledger,
    private readonly events: WorkerEvents,
  ) {
    this.#allowance = 8 * ledger.limit + 1_000;
    this.ended = new Promise((resolve) => (this.#finish = resolve));
    this.#left = new Promise((resolve) => (this.#leave = resolve));
    this.#peer = startPeer(kind, script, { message: (message) => this.#heard(message), gone: (reason) => this.abandon(reason) });
  }

  /** How many of its calls are open. */
  get open(): number {
    return this.#calls.size;
  }

  begin(assignment: Assignment): void {
    this.#callsItself = assignment.connect !== undefined;
    this.post({ kind: 'begin', assignment });
  }

  post(message: ToWorker): void {
    if (!this.#isOver) this.#peer.post(message);
  }

  /** Counts looks, not time: when the host itself was held up, a worker has not been silent. */
  look(looks: number, most: number): void {
    this.#looked = looks;
    if (!this.#isOver && !this.#isFinished && looks - this.#heardAt > most) this.abandon('it was silent');
  }

  /** It is ended; what was under way may have happened or may yet happen. */
  abandon(reason: string): void {
    if (this.#isOver) return;
    this.#over();
    this.#buryEndpoints();
    this.events.gone(reason);
  }

  async dismiss(): Promise<void> {
    if (this.#isOver) return this.#peer.end();
    this.post({ kind: 'leave' });
    await Promise.race([this.#left, new Promise((resolve) => setTimeout(resolve, leaveMs).unref())]);
    this.#over();
    await this.#peer.end();
  }

  #over(): void {
    this.#isOver = true;
    this.#finish();
    void this.#peer.end();
  }

  /** Endpoints that lived in it have gone down, or will when the news arrives. */
  #buryEndpoints(): void {
    if (!this.#callsItself) return;
    for (const endpoint of this.#endpoints) this.ledger.lost(this.ledger.called(`${endpoint}, in a worker that is gone`, { op: 'down', endpoint }, this.#lastTime));
  }

  #heard(message: unknown): void {
    if (this.#isOver) return;
    this.#heardAt = this.#looked;
    const { data } = fromWorker.safeParse(message);
    this.#allowance -= data?.kind === 'notes' ? data.notes.length : 100;
    if (this.#allowance < 0) return this.abandon('it said more than its clients can have to say');
    if (data === undefined) return;
    try {
      this.#take(data);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.abandon(`it said what cannot be: ${error.message}`);
    }
  }

  #take(message: FromWorker): void {
    if (message.kind === 'finished') {
      this.#isFinished = true;
      return this.#finish();
    }
    if (message.kind === 'left') return this.#leave();
    if (message.kind === 'failed') return this.abandon(message.reason);
    for (const note of message.notes) this.#note(note);
    this.events.noted(this);
  }

  #note(note: Note): void {
    switch (note.kind) {
      case 'call':
        this.#calls.set(note.id, { entry: this.ledger.called(note.actor, note.operation, note.start), start: note.start });
        if (!this.#callsItself) this.#serve(note.id, note.operation);
        if (note.operation.op === 'registerServer' || note.operation.op === 'registerTransport') this.#endpoints.add(note.operation.endpoint);
        this.#lastTime = note.start;
        break;
      case 'end': {
        const call = this.#taken(note.id);
        const answer = note.answer ?? call.ending;
        if (answer === undefined || note.end < call.start) throw new RangeError(`call ${note.id} has no answer, or ended before it began`);
        this.ledger.answered(call.entry, answer, note.end);
        this.#lastTime = note.end;
        break;
      }
      case 'lost':
        this.ledger.lost(this.#taken(note.id).entry);
        break;
      case 'arrival':
        this.ledger.arrived({ ...note });
    }
  }

  #taken(id: number): { readonly entry: number; readonly start: number; ending?: Ending } {
    const call = this.#calls.get(id);
    if (call === undefined) throw new RangeError(`no call ${id} is open`);
    this.#calls.delete(id);
    return call;
  }

  #serve(id: number, operation: Parameters<Site['perform']>[0]): void {
    const given = this.site.perform(operation);
    if (given instanceof Promise) void given.then((ending) => this.#reply(id, ending));
    else this.#reply(id, given);
  }

  #reply(id: number, ending: Ending): void {
    const call = this.#calls.get(id);
    if (call !== undefined && ending !== undefined) call.ending = ending;
    this.#endings.push([id, ending]);
    if (this.#endings.length === 1) setImmediate(() => this.post({ kind: 'endings', endings: this.#endings.splice(0) }));
  }
}
