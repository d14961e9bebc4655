/*
 * The registry and the null adapter take turns in one job, in the order A B B A: what the machine does meanwhile, whether it
 * slows down steadily or for a while, it does to both.
 */

export interface Pair<Result> {
  readonly subject: Result;
  readonly null: Result;
}

/** Runs so many pairs of blocks. The null run is first in every other pair. */
export async function interleaved<Result>(pairs: number, run: (side: keyof Pair<Result>, pair: number) => Promise<Result>, first = 0): Promise<Pair<Result>[]> {
  const results: Pair<Result>[] = [];
  for (let pair = first; pair < first + pairs; pair++) {
    const order = pair % 2 === 0 ? (['null', 'subject'] as const) : (['subject', 'null'] as const);
    const result: Partial<Record<keyof Pair<Result>, Result>> = {};
    for (const side of order) result[side] = await run(side, pair);
    results.push(result as Pair<Result>);
  }
  return results;
}

/**
 * Goes on for as long as nothing can be told, but not for ever: each time with as many pairs again. What is decided after some of the
 * run only is decided by the same bounds, so a registry at its very limit has a few chances; the cap is low.
 */
export async function extended<Result, Judged extends { readonly verdict: string }>(
  { pairs, most, isOver }: { readonly pairs: number; readonly most: number; readonly isOver: () => boolean },
  run: (side: keyof Pair<Result>, pair: number) => Promise<Result>,
  judge: (all: readonly Pair<Result>[]) => Judged,
): Promise<Judged> {
  const all: Pair<Result>[] = [];
  for (;;) {
    all.push(...(await interleaved(Math.max(1, Math.min(all.length === 0 ? pairs : all.length, most - all.length)), run, all.length)));
    const judged = judge(all);
    if (judged.verdict !== 'undecided' || all.length >= most || isOver()) return judged;
  }
}
