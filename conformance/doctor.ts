import { features, type Feature, type FeatureDefinition } from '../spec/index.js';
import { runFromWithin } from './checks/from-within.js';
import { AdapterError, type Adapter, type OpenOptions } from './contract.js';
import { showAnswer } from './engine/answer.js';
import { Blocked, Unanswered, Violation } from './engine/findings.js';
import { safe, show } from './engine/show.js';
import { Trial } from './engine/trial.js';
import type { Report } from './report/result.js';
import { introduce } from './verify.js';

/** What became of one thing that an adapter has to do before its registry can be judged. */
export interface Examination {
  /** What is so if it is sound. */
  readonly what: string;
  readonly status: 'sound' | 'unsound' | 'untested';
  /** Why it is not sound, or could not be tried. */
  readonly reason?: string;
  /** Where to look. */
  readonly advice?: string;
}

interface Part {
  readonly what: string;
  readonly advice: string;
  readonly needs?: readonly Feature[];
  readonly options?: Omit<OpenOptions, 'clock'>;
  /** Whether nothing that comes later says anything if this is not so. */
  readonly isVital?: true;
  run(t: Trial): Promise<void>;
}

/** What a verdict takes for granted, from the ground up, each part with a name of its own, so that one that is left behind is no other's fault. None of it judges the registry: whoever fails here has an adapter to mend. */
const parts: readonly Part[] = [
  {
    what: 'a name that is registered is found, as it was registered',
    advice: 'registerServer(id, endpoint, config) returns, or settles, when the name can be found; findServer(id) gives { id, endpoint, config }, with the very endpoint that was handed in.',
    isVital: true,
    async run(t) {
      await t.succeeds({ op: 'registerServer', id: 'found', endpoint: 'e1' }, 'nothing is in its way');
      await t.holds('found', 'e1', 'it has been registered');
    },
  },
  {
    what: 'a name that nobody holds gives nothing, and no error',
    advice: 'findServer gives undefined or null for it.',
    isVital: true,
    run: (t) => t.gives({ op: 'findServer', id: 'nobody' }, undefined, 'nobody holds it'),
  },
  {
    what: 'a refusal is an error with a specified code',
    advice: 'Throw, or reject with, an error whose `code` is one of those of spec/errors.ts; over the protocol answer with `error.data.code`. Here: already_registered.',
    async run(t) {
      await t.setup({ op: 'registerServer', id: 'refused', endpoint: 'e1' });
      await t.refuses({ op: 'registerServer', id: 'refused', endpoint: 'e2' }, ['already_registered'], 'the name is held');
    },
  },
  {
    what: 'a name that is given up is gone',
    advice: 'unregisterServer(id) returns, or settles, when the name is free.',
    async run(t) {
      await t.setup({ op: 'registerServer', id: 'given up', endpoint: 'e1' });
      await t.succeeds({ op: 'unregisterServer', id: 'given up' }, 'nothing is in its way');
      await t.holds('given up', undefined, 'it has been given up');
    },
  },
  {
    what: 'two registries that are open at once share nothing',
    advice: 'Each open() makes a registry of its own: no table of the module, no database or key prefix that both use, nothing kept from one test to the next.',
    isVital: true,
    async run(t) {
      await t.setup({ op: 'registerServer', id: 'apart', endpoint: 'e1' });
      await t.given(t.holds('apart', 'e1', 'it has been registered'));
      await t.open();
      await t.holds('apart', undefined, 'it was registered in another registry');
      await t.succeeds({ op: 'registerServer', id: 'apart', endpoint: 'e2' }, 'it is held in another registry');
    },
  },
  {
    what: 'a registry that is opened when another is done with is empty',
    advice: 'dispose() lets go of everything that open() made outside the process, and open() begins with nothing.',
    isVital: true,
    async run(t) {
      await t.setup({ op: 'registerServer', id: 'anew', endpoint: 'e1' });
      await t.rig.dispose();
      await t.open();
      await t.holds('anew', undefined, 'it was registered in another registry, that has been let go of');
    },
  },
  {
    what: 'fifty calls that are open together are all answered',
    advice: 'Calls are made without waiting for the answers of others. Over the protocol, answer each request with its own id, or say `concurrency: 1` in initialize.',
    async run(t) {
      const calls = Array.from({ length: 50 }, (_, i) => t.rig.start({ op: 'registerServer', id: `name ${i}`, endpoint: 'e1' }));
      for (const [i, call] of calls.entries()) t.accepted(await t.finish(call, `registerServer("name ${i}")`), 'registerServer', 'nothing is in its way');
    },
  },
  {
    what: 'a message arrives where it is sent',
    advice: "routeToServer(serverId, transportId, message) calls `send` of the endpoint that the server was registered with; over the protocol the program writes `delivered`.",
    needs: ['routing'],
    async run(t) {
      await t.setup({ op: 'registerServer', id: 'routed', endpoint: 'e1' });
      await t.succeeds({ op: 'routeToServer', serverId: 'routed', transportId: 'from', message: 'hello' }, 'the server is there');
      const arrived = (await t.arrivals(1)).map(({ endpoint, to, from, message }) => ({ endpoint, to, from, message }));
      t.check(arrived.length === 1 && show(arrived[0]) === show({ endpoint: 'e1', to: 'routed', from: 'from', message: 'hello' }), 'routeToServer("routed", "from", "hello")', 'one delivery at e1, to routed, from "from": hello', arrived);
    },
  },
  {
    what: 'a call that is made from within a send is answered',
    advice: 'Nothing that a call needs is held while `send` runs, and no routing call waits for it; over the protocol `delivered` is a request, the program reads on meanwhile, and `send-awaited` says so. Where that is not so, do not declare it.',
    needs: ['routing', 'send-awaited'],
    async run(t) {
      await t.setup({ op: 'registerServer', id: 'within', endpoint: 'calls' });
      await runFromWithin(
        t,
        async () => {
          await t.succeeds({ op: 'registerServer', id: 'from within', endpoint: 'e1' }, 'nothing is in its way');
          await t.holds('from within', 'e1', 'it has been registered');
        },
        { op: 'routeToServer', serverId: 'within', transportId: 'from', message: 'go' },
      );
    },
  },
  {
    what: 'the names of an endpoint go when it goes down',
    advice: 'Listen to `abort` of `endpoint.signal`; over the protocol it is endpoint/kill. A registry that does not look after its endpoints says `without: [\'liveness\']`.',
    needs: ['liveness'],
    async run(t) {
      await t.setup({ op: 'registerServer', id: 'down', endpoint: 'e1' }, { op: 'down', endpoint: 'e1' });
      await t.eventually(() => t.holds('down', undefined, 'its endpoint has gone down'), t.goneMs);
    },
  },
  {
    what: 'the number of partitions is the one that was asked for',
    advice: 'The feature `partitions` says that open({ partitions: 3 }) makes three of them: do as it says, or do not declare it.',
    needs: ['partitions', 'stats'],
    options: { partitions: 3 },
    async run(t) {
      const { length } = await t.stats();
      t.check(length === 3, 'getPartitionStats()', 'statistics of 3 partitions', `of ${length}`);
    },
  },
  {
    what: 'the thresholds are those that were asked for',
    advice: 'The feature `thresholds` says that open({ windowSize: 3, windowMs: 60000 }) makes windows of three samples: numbers beside `partitions`, under these names. Do as it says, or do not declare it.',
    needs: ['thresholds', 'stats'],
    options: { windowSize: 3, windowMs: 60_000 },
    async run(t) {
      for (let i = 0; i < 3; i++) await t.setup({ op: 'registerServer', id: 'again', endpoint: 'e1' }, { op: 'unregisterServer', id: 'again' });
      const most = Math.max(...(await t.stats()).map(({ sampleCount }) => sampleCount));
      t.check(most === 3, 'getPartitionStats() after six writes to one name', 'three samples in some window, and no more', `${most}`);
    },
  },
  {
    what: 'its time is that of the clock it was given',
    advice: 'The feature `virtual-time` says that the registry reads no clock and sets no timer but `options.clock`; over the protocol that its time is what time/advance last said. A window of one second was to be empty a second later.',
    needs: ['virtual-time', 'thresholds', 'stats'],
    options: { windowMs: 1_000, partitions: 1 },
    async run(t) {
      const samples = async (): Promise<number> => (await t.stats()).reduce((sum, { sampleCount }) => sum + sampleCount, 0);
      await t.setup({ op: 'registerServer', id: 'timed', endpoint: 'e1' });
      t.check((await samples()) > 0, 'getPartitionStats() after a write', 'a sample in some window', 'none');
      await t.rig.perform({ op: 'advance', ms: 1_001 });
      const left = await samples();
      t.check(left === 0, 'getPartitionStats() when 1,001 ms of its clock have passed', 'no sample in any window of 1,000 ms', `${left}`);
    },
  },
  {
    what: 'a commit that is made slow takes as long as it was told, by that clock',
    advice: 'The feature `slow-commit` says that slowCommit(ms) makes each later commit wait so long on `options.clock` before it takes effect; over the protocol it is fault/slowCommit.',
    needs: ['virtual-time', 'slow-commit'],
    async run(t) {
      const call = await t.stall({ op: 'registerServer', id: 'slow', endpoint: 'e1' }, 50);
      t.check(call.settled === undefined, 'a commit that takes 50 ms, when no time had passed', 'no answer', 'an answer');
      await t.rig.perform({ op: 'advance', ms: 50 });
      t.accepted(await t.finish(call, 'registerServer'), 'registerServer, whose 50 ms have passed', 'nothing is in its way');
    },
  },
  {
    what: 'closing is answered, and ends it',
    advice: 'close() returns, or settles, when the registry is closed; what is registered later is refused, best with registry_closed.',
    needs: ['close'],
    async run(t) {
      await t.setup({ op: 'registerServer', id: 'closed', endpoint: 'e1' });
      await t.succeeds({ op: 'close' }, 'nothing is in its way');
      const answer = await t.rig.perform({ op: 'registerServer', id: 'late', endpoint: 'e2' });
      t.check(answer.kind === 'refused', 'it is closed, and registers', 'a refusal', showAnswer(answer));
    },
  },
];

/** What is found wrong at the very beginning. */
const opens: Pick<Examination, 'what' | 'advice'> = {
  what: 'a registry opens, and has registerServer, unregisterServer and findServer',
  advice: 'open() returns, or settles with, an object with the operations of the registry; over the protocol the program answers initialize and open.',
};

/**
 * Examines whether an adapter does what a verdict on its registry takes for granted: that registries open and share nothing, that answers
 * have their shape, that messages and "downs" get through, that the clock is the one given. Gives one result after the other, and stops
 * where nothing further could be told. `patienceMs`: milliseconds of real time that anything may take to answer.
 */
export async function* examine(adapter: Adapter, { patienceMs = 2_000, introduced }: { readonly patienceMs?: number; readonly introduced?: (registry: Report['registry']) => void } = {}): AsyncGenerator<Examination, void> {
  let registry: Report['registry'];
  try {
    registry = await introduce(adapter, patienceMs);
  } catch (error) {
    yield { ...opens, status: 'unsound', reason: reasonOf(error) };
    return;
  }
  introduced?.(registry);
  yield { what: opens.what, status: 'sound' };
  for (const part of parts) {
    const lacking = part.needs?.find((feature) => !registry.features.includes(feature));
    if (lacking !== undefined) {
      yield { what: part.what, status: 'untested', reason: adapter.without?.includes(lacking) ? `it says that it is without \`${lacking}\`` : `it does not offer \`${lacking}\`${howToOffer(lacking)}` };
      continue;
    }
    const examination = await examineOne(adapter, part, patienceMs);
    yield examination;
    if (part.isVital && examination.status === 'unsound') return;
  }
}

async function examineOne(adapter: Adapter, { what, advice, options, run }: Part, patienceMs: number): Promise<Examination> {
  const t = new Trial(adapter, 1, patienceMs);
  const before = adapter.breakdowns?.length ?? 0;
  try {
    await t.open(options);
    await run(t);
    const brokenDown = adapter.breakdowns?.[before];
    return brokenDown === undefined ? { what, status: 'sound' } : { what, status: 'unsound', reason: safe(brokenDown, 1_000) };
  } catch (error) {
    return { what, status: 'unsound', reason: adapter.breakdowns?.[before] ?? reasonOf(error), advice };
  } finally {
    await t.dispose();
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Violation) return `${error.message}: expected ${error.expected}, got ${error.actual}`;
  if (error instanceof Unanswered || error instanceof Blocked || error instanceof AdapterError) return safe(error.message, 1_000);
  throw error;
}

function howToOffer(feature: Feature): string {
  const { operations }: FeatureDefinition = features[feature];
  return operations.length === 0 ? ', a feature to declare' : `: ${operations.join(', ')}`;
}
