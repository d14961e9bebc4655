import { errorCodes, type Config, type ErrorCode, type Registry, type RequirementId } from '../../spec/index.js';
import { z } from 'zod';
import { AdapterError } from '../contract.js';
import { EndpointFailure, TestEndpoint } from './endpoint.js';
import { asData, readPlain } from './plain-answer.js';
import { safe, show } from './show.js';
import type { Found } from '../../model/index.js';

/** What an operation answered: a value, a refusal with a specified code, or something the interface does not know. */
export type Answer =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly code: ErrorCode }
  | { readonly kind: 'broken'; readonly what: string; readonly breaks: RequirementId };

/** What has the fields of a registration is one, whatever it is besides: an array, for example. */
function fields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { id, endpoint, config } = value as { readonly id?: unknown; readonly endpoint?: unknown; readonly config?: unknown };
  return { id, endpoint, config };
}

const registrationOf = (endpoint: z.ZodType<string>) =>
  z
    .preprocess(fields, z.object({ id: z.string(), endpoint, config: z.record(z.string(), z.unknown()).nullish() }))
    .transform((found): Found => ({ id: found.id, endpoint: found.endpoint, config: asData(found.config ?? {}) as Config }));

/** The name of an endpoint that was made in another thread or process: whose it is can be told from the configuration only. */
export const elsewhere = '?';

const registration = registrationOf(z.instanceof(TestEndpoint).transform(({ name }) => name));
const foreign = registrationOf(z.unknown().transform((value) => (value instanceof TestEndpoint ? value.name : elsewhere)));

const nothing = z.unknown().transform(() => undefined);
const orUndefined = (value: unknown): unknown => value ?? undefined;
const found = registration.nullish().transform(orUndefined);
const listed = z.array(registration);
const milliseconds = z.number().nonnegative();
const count = z.number().int().nonnegative();
/** Of an empty window there is no minimum: 0 is specified, and whatever else says so is understood. */
const summary = z
  .union([milliseconds, z.nan()])
  .nullish()
  .transform((value) => value || 0);

const partitionStats = z.object({
  partition: count,
  writeCount: count,
  sampleCount: count,
  samples: z.array(milliseconds),
  min: summary,
  mean: summary,
  max: summary,
  alarm: z.boolean(),
});

const contentionStatus = z.object({
  partitions: z.number().int().positive(),
  alarmed: z.array(count),
  admission: z.enum(['open', 'closed']),
  mode: z.enum(['auto', 'open', 'closed']),
});

/** The shape that the interface gives the answer of each operation (ERR-1); what is read out of it is what is compared. */
const shapes: Record<keyof Registry, z.ZodType> = {
  registerServer: nothing,
  registerTransport: nothing,
  unregisterServer: nothing,
  unregisterTransport: nothing,
  updateServer: nothing,
  findServer: found,
  findTransport: found,
  listServers: listed,
  listTransports: listed,
  bindTransportToServer: nothing,
  unbindTransport: nothing,
  getServerForTransport: z.string().nullish().transform(orUndefined),
  routeToServer: count,
  routeToTransport: count,
  getPartitionStats: z.union([z.array(partitionStats).min(1).max(1024), partitionStats]),
  getContentionStatus: contentionStatus,
  resetStats: nothing,
  setAdmission: nothing,
  close: nothing,
};

/** The same, where an endpoint need not be one that was made here. */
const shapesElsewhere: typeof shapes = { ...shapes, findServer: foreign.nullish().transform(orUndefined), findTransport: foreign.nullish().transform(orUndefined), listServers: z.array(foreign), listTransports: z.array(foreign) };

/** Every operation of the interface. */
export const operationNames = Object.keys(shapes) as readonly (keyof Registry)[];

/** An answer that the interface does not know: it breaks ERR-1, unless something more particular. */
export const broken = (what: string, breaks: RequirementId = 'ERR-1'): Answer => ({ kind: 'broken', what, breaks });

/** Reads a value that an operation returned; `isElsewhere`: by a registry with clients in other threads or processes. */
export function readValue(operation: keyof Registry, value: unknown, isElsewhere = false): Answer {
  try {
    return readPlain(operation, value) ?? readShaped(operation, value, isElsewhere);
  } catch {
    return readShaped(operation, value, isElsewhere);
  }
}

/** Reads a value through the shape of the answer. */
export function readShaped(operation: keyof Registry, value: unknown, isElsewhere: boolean): Answer {
  try {
    const parsed = (isElsewhere ? shapesElsewhere : shapes)[operation].safeParse(value);
    if (parsed.success) return { kind: 'done', value: parsed.data };
    const { path, message } = parsed.error.issues[0]!;
    const where = path.length > 0 ? ` at ${safe(path.join('.'))}` : '';
    return broken(`${operation} returned ${show(value)}: ${message}${where}`);
  } catch (error) {
    return broken(`${operation} returned a value that throws when it is read: ${show(error)}`);
  }
}

const codes: ReadonlySet<unknown> = new Set(errorCodes);

/** Reads what an operation threw, or rejected with. Throws {@link AdapterError} if it is the adapter that has failed. */
export function readError(operation: keyof Registry, error: unknown): Answer {
  // The registry has not answered at all.
  if (error instanceof AdapterError) throw error;
  if (error instanceof EndpointFailure) return broken(`${operation} failed with what a recipient threw: ${error.message}`, 'RTE-6');
  let code: unknown;
  try {
    code = (error as { code?: unknown }).code;
  } catch {
    // What has no properties, or throws when they are read, has no code.
  }
  if (codes.has(code) && isError(error)) return { kind: 'refused', code: code as ErrorCode };
  if (codes.has(code)) return broken(`${operation} was refused with something that is no error: ${show(error)}`);
  return broken(`${operation} failed without one of the specified codes: ${show(error)}`);
}

/** An error, also one of another realm, or one that has come over a wire: then it has a message. */
function isError(error: unknown): boolean {
  try {
    return error instanceof Error || typeof (error as { message?: unknown }).message === 'string';
  } catch {
    return false;
  }
}

/** An answer, in words; `nothing` says what it is to answer without a value. */
export function showAnswer(answer: Answer, nothing: 'done' | 'nothing' = 'done'): string {
  if (answer.kind === 'refused') return `refused: ${answer.code}`;
  if (answer.kind === 'broken') return answer.what;
  return answer.value === undefined ? nothing : show(abridged(answer.value));
}

/** Of the statistics of all partitions only those that tell something. */
function abridged(value: unknown): unknown {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'object' && one !== null && 'writeCount' in one)) return value;
  return value.filter(({ writeCount, alarm, sampleCount }) => writeCount > 0 || alarm || sampleCount > 0);
}
