import { existsSync, readFileSync } from 'node:fs';
import { registryHistories } from '../conformance/engine/registry-history.js';
import { check } from '../conformance/linearizability/check.js';
import type { Entry, History } from '../conformance/linearizability/history.js';
import type { Model } from '../conformance/linearizability/model.js';
import { checkRegisters, type RegisterView } from '../conformance/linearizability/registers.js';
import { manyClients } from '../conformance/linearizability/testing/histories.js';
import { readEtcdLog, readKeyValueLog } from '../conformance/linearizability/testing/logs.js';
import { keyValue, register, type RegisterAnswer, type RegisterCall } from '../conformance/linearizability/testing/models.js';
import { registryHistory } from '../conformance/testing/registry-histories.js';

/** How long the checker takes to judge a history. */
export interface CheckFigure {
  readonly history: string;
  readonly operations: number;
  readonly verdict: string;
  /** Milliseconds: median, least and most over the rounds. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

interface Case {
  readonly name: string;
  readonly operations: number;
  readonly judge: () => string;
}

/** Porcupine's histories, those of etcd together since each is small, and some that are large; reading and making them is not timed. */
export function benchChecker({ rounds }: { readonly rounds: number }): CheckFigure[] {
  const cases = [...publicHistories(), overlapping(), oneRegister(), ...registries()];
  const times = cases.map((): number[] => []);
  let verdicts: string[] = [];
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    verdicts = cases.map(({ judge }, i) => {
      const started = performance.now();
      const verdict = judge();
      if (round > 0) times[i]!.push(performance.now() - started);
      return verdict;
    });
  }
  return cases.map(({ name, operations }, i) => {
    const sorted = times[i]!.sort((a, b) => a - b);
    return { history: name, operations, verdict: verdicts[i]!, median: sorted[sorted.length >> 1]!, low: sorted[0]!, high: sorted.at(-1)! };
  });
}

function publicHistories(): Case[] {
  const folder = new URL('../../../shared/histories/', import.meta.url);
  if (!existsSync(folder)) return [];
  const files = Object.keys(JSON.parse(readFileSync(new URL('verdicts.json', folder), 'utf8')) as object);
  const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
  const one = <S, I, O>(name: string, model: Model<S, I, O>, history: History<I, O>): Case => ({ name, operations: history.length, judge: () => check(model, history).verdict });
  const together = (name: string, cases: readonly Case[]): Case => ({
    name: `${name}, ${cases.length} histories`,
    operations: cases.reduce((sum, { operations }) => sum + operations, 0),
    judge: () => `${cases.filter(({ judge }) => judge() === 'violated').length} violated`,
  });
  const etcd = files.filter((file) => file.startsWith('etcd')).map((file) => one(file, register, readEtcdLog(read(file))));
  const keyed = files.filter((file) => file.startsWith('kv')).map((file) => one(file, keyValue, readKeyValueLog(read(file))));
  return [together('etcd', etcd), ...keyed, together('all of these', [...etcd, ...keyed])];
}

/** Gets, puts and appends on a hundred string registers. */
function overlapping(): Case {
  const history = manyClients({ operations: 100_000, clients: 32, keys: 100, seed: 1 });
  return { name: '32 clients, 100 keys', operations: history.length, judge: () => check(keyValue, history).verdict };
}

/** Reads and writes of values of their own, so many at once that no search would end. */
function oneRegister(): Case {
  const history = Array.from({ length: 100_000 }, (_, id): Entry<RegisterCall, RegisterAnswer> => ({
    id, actor: `c${id}`, start: id, end: id + 10_000, ...(id % 2 === 0 ? { invocation: { op: 'write', value: id }, response: 'done' } : { invocation: { op: 'read' }, response: id - 1 }),
  }));
  const view: RegisterView<RegisterCall, RegisterAnswer, number | null> = {
    initial: null,
    access: (call, answer) => (call.op === 'write' ? { op: 'write', value: call.value } : { op: 'read', value: answer as number }),
    isRead: ({ op }) => op === 'read',
  };
  return { name: '10,000 clients, one register, unique values', operations: history.length, judge: () => checkRegisters(view, history)?.verdict ?? 'not judged' };
}

/** Registries: names that have nothing to do with each other, and names that are all tied together by bindings; as they should be, and with one stale read in the middle. */
function registries(): Case[] {
  const sizes = [{ clients: 32, names: 100 }, { clients: 64, names: 16 }];
  return sizes.flatMap(({ clients, names }) =>
    [false, true].flatMap((binds) =>
      [false, true].map((staleRead): Case => {
        const history = registryHistory({ operations: 100_000, clients, names, binds, staleRead, seed: 1 });
        const name = `registry, ${clients} clients, ${names} servers and transports${binds ? ', bound' : ''}${staleRead ? ', a stale read' : ''}`;
        return { name, operations: history.length, judge: () => check(registryHistories, history, { milliseconds: 20_000 }).verdict };
      }),
    ),
  );
}
