import { existsSync, readFileSync } from 'node:fs';
import { check, type Model } from '../conformance/linearizability/check.js';
import type { History } from '../conformance/linearizability/history.js';
import { readEtcdLog, readKeyValueLog } from '../conformance/linearizability/testing/logs.js';
import { keyValue, register } from '../conformance/linearizability/testing/models.js';

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

/** Each of Porcupine's histories, and all of the etcd logs together; reading them is not timed. */
export function benchChecker({ rounds }: { readonly rounds: number }): CheckFigure[] {
  const cases = [...publicHistories(), manyClients()];
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
  const etcd = files.filter((file) => file.startsWith('etcd')).map((file) => one(file, register, readEtcdLog(read(file))));
  return [
    { name: `etcd, ${etcd.length} histories`, operations: etcd.reduce((sum, { operations }) => sum + operations, 0), judge: () => `${etcd.filter(({ judge }) => judge() === 'violated').length} violated` },
    ...files.filter((file) => file.startsWith('kv')).map((file) => one(file, keyValue, readKeyValueLog(read(file)))),
  ];
}

/** 100,000 operations on 100 keys by 32 clients, each of which takes effect in the middle of its call. */
function manyClients(): Case {
  const keys = 100;
  const clients = 32;
  const values = Array.from({ length: keys }, () => '');
  const history = Array.from({ length: 100_000 }, (_, id) => {
    const key = (id * 7919) % keys;
    const isPut = id % 3 === 0;
    const value = isPut ? `v${id}` : '';
    if (isPut) values[key] = value;
    const jitter = (id * 2654435761) % (clients / 2);
    return {
      id, actor: `c${id % clients}`, start: id - jitter, end: id + 1 + ((id * 40503) % (clients / 2)),
      invocation: { op: isPut ? ('put' as const) : ('get' as const), key: String(key), value }, response: isPut ? '' : values[key]!,
    };
  });
  return { name: '32 clients, 100 keys', operations: history.length, judge: () => check(keyValue, history).verdict };
}
