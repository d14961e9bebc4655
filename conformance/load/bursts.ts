import type { Found, Operation } from '../../model/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { Unanswered } from '../engine/findings.js';
import { within } from '../engine/patience.js';
import { showOperation } from '../engine/show.js';
import { runClient, type Journal } from './client.js';
import type { Ledger } from './ledger.js';
import { ClientPlan, type Mix } from './plan.js';
import { members, Round, type Held, type Part, type Step } from './rounds.js';
import type { Site } from './site.js';

/*
 * A load in bursts, for a registry elsewhere. What a thread of it does between two steps lasts a microsecond, and calls that are made one
 * by one over a pipe hardly ever meet it. So clients wait for each other, four by four, and then call all at once: what is called in one
 * turn is written in one piece, is read at one time, and may be served at one time, while so many others keep the processors busy that
 * what is left for later is late.
 */

export interface BurstsOptions {
  readonly mix: Mix;
  readonly patienceMs: number;
  /** When clients stop to call. Milliseconds from now. */
  readonly milliseconds: number;
}

/** Gives the names that were still found when the endpoint that held them had gone down. */
export async function runInBursts(site: Site, ledger: Ledger, { mix, patienceMs, milliseconds }: BurstsOptions): Promise<readonly string[]> {
  const deadline = performance.now() + milliseconds;
  const { journal, allDown } = withDowns(ledger);
  const isOver = (): boolean => performance.now() >= deadline || ledger.size >= mix.clients * mix.operations;
  const crowds = Array.from({ length: Math.ceil(mix.clients / members) }, (_, crowd) => new Crowd(mix, crowd));
  const clients = crowds.flatMap((crowd) =>
    crowd.plans.map((plan, i) =>
      runClient({
        client: plan.client,
        plan: { next: () => crowd.next(i), answered: (operation, ending) => plan.answered(operation, ending) },
        journal,
        perform: (operation) => site.perform(operation),
        patienceMs,
        isOver,
        breathe: () => crowd.breathe(i),
      }).finally(() => crowd.leave()),
    ),
  );
  await Promise.all(clients);
  // What does not answer does not come to rest either.
  if (site.waiting.size > 0 || typeof site.rig.subject.settle !== 'function') return [];
  try {
    await site.rig.settle();
    allDown();
    return await survivors(site, crowds.flatMap(({ held }) => held), mix, patienceMs);
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    return [];
  }
}

/** Four clients that wait for each other at the end of each part of a round, and so begin the next at once. */
class Crowd {
  readonly plans: readonly ClientPlan[];
  /** Names of which one endpoint has to leave hold when it goes down. */
  readonly held: Held[] = [];
  readonly #mix: Mix;
  readonly #crowd: number;
  #rounds = 0;
  #left: Part[] = [];
  #queues: Step[][] = [];
  #present = members;
  #waiting: (() => void)[] = [];

  constructor(mix: Mix, crowd: number) {
    this.#mix = mix;
    this.#crowd = crowd;
    this.plans = Array.from({ length: members }, (_, i) => new ClientPlan(mix, crowd * members + i));
    this.#goOn();
  }

  next(i: number): Operation | undefined {
    return this.#queues[i]!.shift()?.();
  }

  /** Whoever has done its part waits for the others, to begin the next together. */
  breathe(i: number): Promise<void> | undefined {
    if (this.#queues[i]!.length > 0) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#beginIfAllAreHere();
    });
  }

  leave(): void {
    this.#present--;
    this.#beginIfAllAreHere();
  }

  #beginIfAllAreHere(): void {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#present) return;
    this.#goOn();
    for (const begin of this.#waiting.splice(0)) begin();
  }

  #goOn(): void {
    if (this.#left.length === 0) {
      const { parts, held } = new Round(this.#mix, this.plans, this.#crowd, this.#rounds++);
      this.#left = [...parts];
      this.held.push(...held);
    }
    const part = this.#left.shift()!;
    this.#queues = this.plans.map((_, i) => part(i));
  }
}

/**
 * Of an endpoint that is elsewhere nobody is told when its end has taken effect: the registry can be asked to come to rest, and then it
 * has. Until then its end is under way.
 */
function withDowns(ledger: Ledger): { readonly journal: Journal; readonly allDown: () => void } {
  const { call, answer, lose } = ledger.journal();
  const downs = new Set<number>();
  return {
    journal: {
      call(actor, operation) {
        const id = call(actor, operation) as number;
        if (operation.op === 'down') downs.add(id);
        return id;
      },
      answer(id, given) {
        downs.delete(id);
        answer(id, given);
      },
      lose: (id) => void (downs.has(id) || lose(id)),
    },
    allDown() {
      for (const id of downs) answer(id, { kind: 'done', value: undefined });
    },
  };
}

/** A look at a name, and the endpoint that must not be seen there. */
interface Look {
  readonly look: Operation;
  readonly by: string;
}

/** How many looks are made at once. */
const glances = 64;

/**
 * Takes down all that have held several names, and looks whether one is left: whoever takes two at once, and whose list of names is
 * read and written back for each, has one that nobody takes away. In how many steps they go is nobody's matter, so that is no operation
 * of the history.
 */
async function survivors({ rig }: Site, held: readonly Held[], { offered }: Mix, patienceMs: number): Promise<readonly string[]> {
  if (!offered.includes('reads')) return [];
  for (const { by } of held) rig.endpoint(by).kill();
  await rig.settle();
  const looks = held.flatMap(({ servers, transports, by }): Look[] => [
    ...servers.map((id) => ({ look: { op: 'findServer', id } as const, by })),
    ...(offered.includes('transports') ? transports.map((id) => ({ look: { op: 'findTransport', id } as const, by })) : []),
  ]);
  const see = async (some: readonly Look[]): Promise<(Look & { readonly seen: string })[]> => {
    const answers = await Promise.all(some.map(({ look }) => within(patienceMs, look.op, rig.begin(look).answer)));
    return some.flatMap((one, i) => (isHeldBy(answers[i]!, one.by) ? [{ ...one, seen: `${showOperation(one.look)} → ${showAnswer(answers[i]!)}` }] : []));
  };
  for (let from = 0; from < looks.length; from += glances) {
    const found = await see(looks.slice(from, from + glances));
    if (found.length === 0) continue;
    // The same grace as every check gives to a "down" elsewhere.
    await new Promise((resolve) => void setTimeout(resolve, rig.downMs));
    const left = await see(found);
    if (left.length > 0) return left.map(({ seen }) => seen);
  }
  return [];
}

const isHeldBy = (answer: Answer, endpoint: string): boolean => answer.kind === 'done' && (answer.value as Found | undefined)?.endpoint === endpoint;
