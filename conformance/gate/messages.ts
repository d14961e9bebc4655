/** What a process is started for: an adapter, by its module. */
export interface Assignment {
  readonly module: string;
}

/** What is asked of it, one at a time. Each is answered with {@link Answer}. */
export type Question =
  /** Which workloads the registry has the operations for. */
  | { readonly kind: 'offers' }
  /** How often a unit must do its work to take so long. */
  | { readonly kind: 'calibrate'; readonly workload: string; readonly entries: number; readonly unitMs: number; readonly warmUpMs: number }
  /** A registry for a workload, warmed up for so long. */
  | { readonly kind: 'prepare'; readonly workload: string; readonly entries: number; readonly size: number; readonly warmUpMs: number }
  /** So many units, timed. */
  | { readonly kind: 'measure'; readonly workload: string; readonly units: number }
  /** What can be counted while a unit of size 1 runs. */
  | { readonly kind: 'count'; readonly workload: string; readonly functions: readonly CountedFunction[] };

export type Answer = { readonly kind: 'done'; readonly value: unknown } | { readonly kind: 'failed'; readonly reason: string };

export function isAnswer(message: unknown): message is Answer {
  const { kind, reason } = (message ?? {}) as { readonly kind?: unknown; readonly reason?: unknown };
  return kind === 'done' || (kind === 'failed' && typeof reason === 'string');
}

/** A function of the build under test whose calls are counted: the name of the counter, of the function, and how its file ends. */
export interface CountedFunction {
  readonly counter: string;
  readonly name: string;
  readonly file: string;
}
