import fc from 'fast-check';
import type { Operation } from '../../model/index.js';
import type { Config } from '../../spec/index.js';
import type { Vocabulary } from './commands.js';

/*
 * Long lives of hundreds of names. Tables grow, split, tidy themselves up, wrap round and remember: what is right for a few names may be
 * wrong for a crowd, and what is right at first may be wrong after a thousand registrations.
 */

/** How many ids there are. */
export const crowdSize = 320;
/** How many of them are held: few at first, while many come and go; then about as many as fit a byte, where many a table or counter ends. */
const population = { early: 20, late: 256 };
/** By how many more or fewer. */
const sway = 12;
/** How many endpoints hold a few of the names; how many of these live until the one that holds most has grown old; and how many names those keep. */
const [few, lasting, kept] = [8, 4, 4];

/** Random sequences of so many steps over a crowd of ids, which shrink by leaving out stretches of steps, long ones first. */
export function crowdedSteps(ids: readonly string[], offered: Vocabulary, steps: number): fc.Arbitrary<readonly Operation[]> {
  return new Crowded(ids, offered, steps);
}

class Crowded extends fc.Arbitrary<readonly Operation[]> {
  constructor(
    private readonly ids: readonly string[],
    private readonly offered: Vocabulary,
    private readonly steps: number,
  ) {
    super();
  }

  override generate(random: fc.Random): fc.Value<readonly Operation[]> {
    return new fc.Value([...new Crowd(this.ids, this.offered, random).live(this.steps)], undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is readonly Operation[] {
    return Array.isArray(value);
  }

  override shrink(steps: readonly Operation[], context?: unknown): fc.Stream<fc.Value<readonly Operation[]>> {
    return fc.stream(smaller(steps, context as Left | undefined));
  }
}

/** What is left to try: operations of which there may be none, and when these have been tried the stretches up to a step. */
interface Left {
  readonly kinds: readonly Operation['op'][];
  readonly stretch?: { readonly length: number; readonly end: number };
}

/**
 * Leaves out the end, as long as it can, since what has gone wrong by then needs none; then all steps of a kind, since few kinds matter;
 * then one stretch after the other, all of one length from the end to the beginning, before they become shorter (Zeller and Hildebrandt, 2002).
 */
function* smaller(steps: readonly Operation[], left?: Left): Generator<fc.Value<readonly Operation[]>> {
  if (left === undefined) for (const share of [0.25, 0.5, 0.75]) if (steps.length > 4) yield new fc.Value(steps.slice(0, steps.length * share), undefined);
  const { kinds, stretch } = left ?? { kinds: [...new Set(steps.map(({ op }) => op))] };
  for (const [i, kind] of kinds.entries()) yield new fc.Value(steps.filter(({ op }) => op !== kind), { kinds: kinds.slice(i + 1) } satisfies Left);
  let { length, end } = stretch ?? { length: steps.length >> 1, end: steps.length };
  for (; length >= 1; length >>= 1, end = steps.length) {
    for (; end > 0; end -= length) {
      const from = Math.max(0, end - length);
      yield new fc.Value([...steps.slice(0, from), ...steps.slice(end)], { kinds: [], stretch: { length, end: from } } satisfies Left);
    }
  }
}

/** Who holds what, as far as it helps to find something to do. */
class Crowd {
  readonly #servers = new Map<string, string>();
  readonly #transports = new Map<string, string>();
  readonly #transportIds: readonly string[];
  #hub = 0;
  readonly #small = Array.from({ length: few }, (_, i) => `small${i}`);
  #made = 0;
  #population = 0;
  #isEarly = true;

  constructor(
    private readonly ids: readonly string[],
    private readonly offered: Vocabulary,
    private readonly random: fc.Random,
  ) {
    this.#transportIds = offered.transports ? ids.slice(0, Math.ceil(ids.length / 3)) : [];
  }

  *live(steps: number): Generator<Operation> {
    for (let i = 0; i < steps; i++) {
      this.#isEarly = i < 0.2 * steps;
      this.#population = population[this.#isEarly ? 'early' : 'late'];
      // Most names are those of one endpoint, which goes down once, late, with all that it has ever held; before it those who have seen it all.
      if (this.offered.liveness && i === Math.floor(0.87 * steps)) for (const endpoint of this.#small.slice(0, lasting)) yield this.#down(endpoint);
      if (this.offered.liveness && i === Math.floor(0.9 * steps)) yield this.#down(`hub${this.#hub++}`);
      yield* this.#something();
    }
  }

  *#something(): Generator<Operation> {
    const { offered } = this;
    const lot = this.#below(100);
    const [server, transport] = [this.#any(this.ids), this.#any(this.#transportIds)];
    if (lot < 46) return yield this.#comeOrGo(this.#servers, this.ids, 'Server', this.#population);
    if (lot < 54) return yield { op: 'findServer', id: server };
    if (lot < 58) return yield { op: 'unregisterServer', id: this.#any(this.ids.filter((id) => !this.#servers.has(id))) };
    if (lot < 62 && offered.configs && offered.update) return yield { op: 'updateServer', id: server, config: { v: ++this.#made } };
    if (lot < 63 && offered.liveness) return yield this.#down(this.#any(this.#small.slice(lasting)));
    // One that is taken, as likely as not.
    if (lot < 65) return yield { op: 'registerServer', id: [...this.#servers.keys()][this.#below(this.#servers.size)] ?? server, endpoint: this.#endpoint() };
    // Before something changes, and right after.
    if (lot < 67 && offered.lists) return yield* [{ op: 'listServers' }, this.#comeOrGo(this.#servers, this.ids, 'Server', this.#population), { op: 'listServers' }] satisfies Operation[];
    if (!offered.transports) return yield { op: 'findServer', id: this.#any(this.ids) };
    if (lot < 75) return yield this.#comeOrGo(this.#transports, this.#transportIds, 'Transport', this.#transportIds.length * 0.7);
    if (lot < 79) return yield { op: 'findTransport', id: transport };
    if (!offered.binding) return;
    if (lot < 92) return yield { op: 'bindTransportToServer', transportId: transport, serverId: this.#below(4) === 0 ? server : this.#any([...this.#servers.keys()].slice(0, 3)) };
    if (lot < 95) return yield { op: 'unbindTransport', transportId: transport };
    if (lot < 98) return yield { op: 'getServerForTransport', transportId: transport };
    if (offered.routing) yield { op: 'broadcast', serverId: this.#any([...this.#servers.keys()].slice(0, 3)), message: `m${++this.#made}` };
  }

  /** Somebody registers, or gives up a name, so that there are so many of them, more or less. */
  #comeOrGo(held: Map<string, string>, ids: readonly string[], kind: 'Server' | 'Transport', many: number): Operation {
    const isComing = Math.abs(held.size - many) > sway ? held.size < many : this.#below(2) === 0;
    const id = this.#any(isComing ? ids.filter((one) => !held.has(one)) : [...held.keys()].filter((one) => !this.#keeps(held.get(one)!)));
    if (held.delete(id)) return { op: `unregister${kind}`, id };
    const endpoint = this.#endpoint();
    held.set(id, endpoint);
    const config: Config = kind === 'Transport' && this.offered.binding && this.#below(3) === 0 ? { serverId: this.#any(this.ids) } : { v: ++this.#made };
    return { op: `register${kind}`, id, endpoint, ...(this.offered.configs && { config }) };
  }

  #endpoint(): string {
    if (this.#below(10) > 0) return `hub${this.#hub}`;
    const endpoint = this.#any(this.#isEarly ? this.#small.slice(0, lasting) : this.#small);
    return this.#keeps(endpoint) && this.#held(endpoint) >= kept ? `hub${this.#hub}` : endpoint;
  }

  /** Whether an endpoint holds for good what it has registered: these are there from the first. */
  #keeps(endpoint: string): boolean {
    return this.#small.slice(0, lasting).includes(endpoint);
  }

  #held(endpoint: string): number {
    return [this.#servers, this.#transports].reduce((sum, held) => sum + [...held.values()].filter((holder) => holder === endpoint).length, 0);
  }

  /** For good: another comes in its place. */
  #down(endpoint: string): Operation {
    const place = this.#small.indexOf(endpoint);
    if (place >= 0) this.#small[place] = `small${++this.#made + this.#small.length}`;
    for (const held of [this.#servers, this.#transports]) for (const [id, holder] of held) if (holder === endpoint) held.delete(id);
    return { op: 'down', endpoint };
  }

  #any(of: readonly string[]): string {
    return of.length === 0 ? this.ids[0]! : of[this.#below(of.length)]!;
  }

  #below(count: number): number {
    return this.random.nextInt(0, count - 1);
  }
}
