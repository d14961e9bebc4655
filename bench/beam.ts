import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { runScenarios, type Elsewhere, type Figure, type Scenario, type Variant } from './run.js';
import { broadcasts, counting } from './targets/broadcast.js';
import { downs } from './targets/down.js';
import { uuids } from './targets/ids.js';
import { alone } from './targets/lookups.js';
import { churn } from './targets/writes.js';

/** Why Elixir cannot be measured here; undefined if it can. */
export function noElixir(): string | undefined {
  const { error, status } = spawnSync('elixir', ['--version'], { stdio: 'ignore' });
  return error === undefined && status === 0 ? undefined : `elixir cannot be run here (${error?.message ?? `exit code ${status}`})`;
}

/**
 * Our registry beside Elixir's Registry, which is to processes what ours is to endpoints, and beside the tables it is made of. A
 * registry that several cores use at once pays for what ours does not offer; that is not made good here.
 */
export async function benchBeam({ rounds, ms }: { readonly rounds: number; readonly ms: number }): Promise<Figure[]> {
  const beam = new Beam();
  try {
    const figures: Figure[] = [];
    for (const scenario of scenarios(beam)) figures.push(...(await runScenarios([await scenario()], { rounds, ms })));
    return figures;
  } finally {
    await beam.end();
  }
}

/** Each made when its turn has come: a process that holds more is slower at the rest. */
function scenarios(beam: Beam): (() => Promise<Scenario>)[] {
  const entries = 10_000; // As in beam.exs.
  const recipients = 1_000;
  const name = 'ShardedRegistry';
  const theirs = (what: string, ...whom: readonly ('registry' | 'ets')[]): Record<string, Variant> =>
    Object.fromEntries(whom.map((one) => [one === 'ets' ? 'ETS' : 'Elixir’s Registry', () => beam.asked(`${one} ${what}`)]));
  const beside = (what: string, ours: Scenario, others: Record<string, Variant>): Scenario => ({ ...ours, name: what, group: 'beam', variants: { [name]: ours.variants[name]!, ...others } });
  return [
    async () => beside('dispatch to 1,000, per recipient', await broadcasts('', recipients, counting), theirs('broadcast', 'registry')),
    // A BEAM works out the hash of a binary at each lookup; V8 keeps that of a string, unless it has only just come over a wire.
    ...(['wire', 'cached'] as const).map((spelling) => async () => beside(`lookup, ${spelling} id, 10,000 entries`, await alone('', uuids, entries, spelling), theirs('lookup', 'registry', 'ets'))),
    async () => beside('register + unregister', await churn('', entries), theirs('churn', 'registry', 'ets')),
    async () => beside('down of who has 10,000 names, per name', await downs('', entries), theirs('down', 'registry')),
  ];
}

/** The program that measures Elixir: one line is asked, one answered. */
class Beam {
  // Tools run from the root of the package.
  readonly #process = spawn('elixir', ['bench/beam.exs'], { stdio: ['pipe', 'pipe', 'inherit'] });
  readonly #answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();

  async asked(what: string): Promise<Elsewhere> {
    await this.#ask(what, 1); // Warms up.
    return { measure: (ms) => this.#ask(what, ms) };
  }

  async #ask(what: string, ms: number): Promise<number> {
    this.#process.stdin.write(`${what} ${ms}\n`);
    const { value } = await this.#answers.next() as IteratorResult<string, undefined>;
    const nanoseconds = Number(value);
    if (!(nanoseconds > 0)) throw new Error(`Elixir was asked for "${what}", and said ${JSON.stringify(value)}`);
    return nanoseconds;
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.stdin.end();
    await once(this.#process, 'exit');
  }
}
