import { z } from 'zod';
import type { Operation } from '../../model/index.js';
import { errorCodes, requirements, type ErrorCode, type RequirementId } from '../../spec/index.js';
import type { Ending } from './client.js';
import type { Mix } from './plan.js';

/** What a worker is told to begin with: which clients it has, and how they come to the registry. */
export interface Assignment {
  readonly mix: Mix;
  readonly clients: readonly number[];
  readonly patienceMs: number;
  /** Where time begins: `process.hrtime.bigint()`, as text. */
  readonly origin: string;
  /** The registry, where clients call it themselves; else the host calls it for them. */
  readonly connect?: { readonly module: string; readonly handle: unknown };
}

/** What the host says to a worker. */
export type ToWorker =
  | { readonly kind: 'begin'; readonly assignment: Assignment }
  | { readonly kind: 'endings'; readonly endings: readonly (readonly [id: number, ending: Ending])[] }
  /** Its clients are to make no more calls. */
  | { readonly kind: 'stop' }
  /** It is over everywhere: endpoints may go. */
  | { readonly kind: 'leave' };

const time = z.number().nonnegative();
const id = z.int().nonnegative();
const answer = z.union([
  z.object({ kind: z.literal('done'), value: z.unknown() }),
  z.object({ kind: z.literal('refused'), code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]) }),
  z.object({ kind: z.literal('broken'), what: z.string().max(2_000), breaks: z.enum(requirements.map((one) => one.id) as [RequirementId, ...RequirementId[]]) }),
]);

/** What a worker says: it may run code of an adapter, so nobody trusts it. */
export const fromWorker = z.union([
  z.object({
    kind: z.literal('notes'),
    notes: z
      .array(
        z.union([
          z.object({ kind: z.literal('call'), id, actor: z.string().max(100), operation: z.custom<Operation>((value) => typeof (value as Partial<Operation> | null)?.op === 'string'), start: time }),
          // The host knows the answer where it has called the registry itself.
          z.object({ kind: z.literal('end'), id, end: time, answer: answer.optional() }),
          z.object({ kind: z.literal('lost'), id }),
          z.object({ kind: z.literal('arrival'), endpoint: z.string(), namespace: z.enum(['server', 'transport']), to: z.string(), from: z.string(), message: z.unknown(), at: time }),
        ]),
      )
      .max(100_000),
  }),
  /** Its clients have made all their calls; its endpoints are still there. */
  z.object({ kind: z.literal('finished') }),
  z.object({ kind: z.literal('left') }),
  z.object({ kind: z.literal('failed'), reason: z.string().max(2_000) }),
]);

export type FromWorker = z.infer<typeof fromWorker>;
export type Note = Extract<FromWorker, { kind: 'notes' }>['notes'][number];
