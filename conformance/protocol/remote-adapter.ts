import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { AdapterError, type Adapter, type OpenOptions, type Subject } from '../contract.js';
import { safe, show } from '../engine/show.js';
import { RequestError, type Connection, type Hear } from './connection.js';
import { limits, protocolVersion, type Introduction } from './messages.js';
import { reachOf, RemoteRegistry } from './remote-registry.js';
import { carries } from './values.js';

/** A program, or what speaks like one. */
export interface Partner {
  readonly connection: Connection;
  /** The reason of a verdict, with what else is known. */
  because(reason: string): AdapterError;
  stop(): Promise<void>;
}

export interface RemoteOptions {
  /** Starts a program. What it tells is heard by `hear`; `broken` is called once, when it is of no use any more. */
  readonly start: (events: { readonly hear: Hear; readonly broken: (error: AdapterError) => void }) => Partner;
  /** How long a program may take from its start to its answer to `initialize`. Milliseconds. */
  readonly startupMs: number;
  /** Starts one that serves the registry that does nothing ({@link RemoteAdapter.nothing}). */
  readonly nothing: () => Promise<RemoteAdapter>;
}

/** An adapter whose registries live in a program. */
export interface RemoteAdapter extends Adapter {
  /** Ends the program. As long as it runs, so does this process. */
  end(): Promise<void>;
  /** A registry that does nothing, reached in the same way: what it takes is the protocol's own. To be ended as well. */
  nothing(): Promise<RemoteAdapter>;
}

export const isRemote = (adapter: Adapter): adapter is RemoteAdapter => 'nothing' in adapter;

/**
 * The adapter that a program is. Throws {@link AdapterError} if it cannot be started, or does not introduce itself. A program that breaks
 * down is started anew for the next registry that is opened, some times; what was under way has failed, and says nothing of the
 * registry ({@link Adapter.breakdowns}).
 */
export async function remoteAdapter(options: RemoteOptions): Promise<RemoteAdapter> {
  const programs = new Programs(options);
  const { introduction } = await programs.alive();
  const reach = reachOf(introduction);
  return {
    name: introduction.name,
    ...(introduction.version !== undefined && { version: introduction.version }),
    ...(introduction.consistency !== undefined && { consistency: introduction.consistency }),
    ...(introduction.sla !== undefined && { sla: introduction.sla as NonNullable<Adapter['sla']> }),
    features: introduction.features ?? [],
    without: withoutOf(introduction),
    breakdowns: programs.breakdowns,
    carries: (value) => carries(value, reach),
    open: (given) => programs.open(given),
    end: () => programs.end(),
    nothing: () => options.nothing(),
  };
}

/** A program that has introduced itself, and the registries that live in it. */
interface Session {
  readonly program: Partner;
  readonly introduction: Introduction;
  readonly registries: Map<string, RemoteRegistry>;
}

/** After so many programs that have broken down there is no use in another. */
const mostPrograms = 5;

/** One program at a time: the next when the one before has broken down. */
class Programs {
  readonly breakdowns: string[] = [];
  #current: Promise<Session> | undefined;
  #first: Introduction | undefined;
  #started = 0;
  #opened = 0;
  #isOver = false;

  constructor(private readonly options: RemoteOptions) {}

  /** The program that runs, or a new one. Throws {@link AdapterError}. */
  alive(): Promise<Session> {
    if (this.#isOver) throw new AdapterError('the adapter has been ended');
    if (this.#current === undefined && this.#started >= mostPrograms) throw new AdapterError(`the program broke down ${this.#started} times, and is not started again; the last time: ${this.breakdowns.at(-1)}`);
    return (this.#current ??= this.#start());
  }

  async open(given: OpenOptions): Promise<Subject> {
    const { program, introduction, registries } = await this.alive();
    const handle = `r${++this.#opened}`;
    const registry = new RemoteRegistry(handle, program.connection, introduction, given.clock);
    registries.set(handle, registry);
    return registry.open(given, () => registries.delete(handle));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    const session = await this.#current?.catch(() => undefined);
    await session?.program.stop();
  }

  async #start(): Promise<Session> {
    this.#started++;
    const registries = new Map<string, RemoteRegistry>();
    const hear: Hear = (method, params) => {
      const registry = registries.get(params.registry);
      if (registry !== undefined) return registry.hear(method, params);
      // Of one that is gone by now there may be news on their way.
      if (this.#hasOpened(params.registry)) return undefined;
      throw new AdapterError(`\`${method}\` names registry ${show(params.registry, 60)}, which has not been opened; see docs/protocol.md#notifications`);
    };
    const broken = (error: AdapterError): void => {
      this.#current = undefined;
      if (!this.#isOver) this.breakdowns.push(error.message);
    };
    const program = this.options.start({ hear, broken });
    const introduction = await introduced(program, this.options.startupMs);
    this.#first ??= introduction;
    if (!isDeepStrictEqual(introduction, this.#first)) program.connection.break(new AdapterError('the program introduced itself differently when it was started again'));
    if (program.connection.error !== undefined) throw program.connection.error;
    program.connection.concurrency = introduction.concurrency ?? program.connection.concurrency;
    return { program, introduction, registries };
  }

  #hasOpened(handle: string): boolean {
    return /^r[1-9]\d{0,9}$/.test(handle) && Number(handle.slice(1)) <= this.#opened;
  }
}

const { version } = createRequire(import.meta.url)('sharded-registry/package.json') as { version: string };

async function introduced(program: Partner, startupMs: number): Promise<Introduction> {
  const { connection } = program;
  const late = setTimeout(() => connection.break(program.because(`the program did not answer initialize within ${startupMs} ms`)), startupMs);
  try {
    return (await connection.request('initialize', { protocol: protocolVersion, kit: { name: 'sharded-registry', version }, limits: { line: limits.line, depth: limits.depth } })) as Introduction;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    connection.break(program.because(`the program refused initialize: ${safe(error.message, 200)}`));
    throw connection.error!;
  } finally {
    clearTimeout(late);
  }
}

/** A program shares no process with its endpoints; what comes of a `send` reaches it only as far as it says. */
function withoutOf({ features = [], without = [] }: Introduction): NonNullable<Adapter['without']> {
  const unheard = (['send-failures', 'send-awaited'] as const).filter((feature) => !features.includes(feature));
  return [...new Set([...without, 'in-process', ...unheard] as const)];
}
