import { z } from 'zod';
import { claims, feature } from '../claims.js';

/**
 * The messages of the adapter protocol, in one place: what is validated, on both sides, and the JSON Schema that is published, are made
 * of these. JSON-RPC 2.0, one message a line; `docs/protocol.md` tells the rest.
 */

/** The version of the protocol, in `initialize`. */
export const protocolVersion = 1;

const handle = z.string().min(1).max(200);
const registry = handle.describe('The handle of a registry, given to `open` by the kit.');
const endpoint = handle.describe('The handle of an endpoint, given to `endpoint/create` by the kit; its own for each registry.');
const timer = handle.describe('The handle of a timer, chosen by the program; not to be used twice within a registry.');
const milliseconds = z.number().nonnegative();

/** What an operation is given is of any JSON type, or left out: ids and other arguments that are none are sent on purpose. */
const argument = (what: string): z.ZodOptional<z.ZodUnknown> => z.unknown().optional().describe(`${what} What is none is sent on purpose: any JSON value, or nothing.`);
const id = argument('An id.');
const config = argument('A configuration: a JSON object.');

/** What comes back is read as what comes back in process is: a registry that answers nonsense is judged for it (ERR-1). */
const answers = (what: string): z.ZodOptional<z.ZodUnknown> => z.unknown().optional().describe(what);
const nothing = answers('Whatever it is, it is not looked at.');
const found = answers('A registration `{ id, endpoint, config }`, where `endpoint` is the handle; `null` where there is none.');

const of = <P extends z.ZodRawShape, R extends z.ZodType>(params: P, result: R): { readonly params: z.ZodObject<{ registry: typeof registry } & P>; readonly result: R } => ({ params: z.object({ registry, ...params }), result });

/** The operations of a registry. `broadcast` is `routeToTransport` to everybody bound. */
export const operations = {
  registerServer: of({ id, endpoint: argument('The handle of an endpoint.'), config }, nothing),
  registerTransport: of({ id, endpoint: argument('The handle of an endpoint.'), config }, nothing),
  unregisterServer: of({ id }, nothing),
  unregisterTransport: of({ id }, nothing),
  updateServer: of({ id, config }, nothing),
  findServer: of({ id }, found),
  findTransport: of({ id }, found),
  listServers: of({}, answers('A list of registrations, as `findServer` gives them.')),
  listTransports: of({}, answers('A list of registrations, as `findTransport` gives them.')),
  bindTransportToServer: of({ transportId: id, serverId: id }, nothing),
  unbindTransport: of({ transportId: id }, nothing),
  getServerForTransport: of({ transportId: id }, answers('The id of a server; `null` where there is none.')),
  routeToServer: of({ serverId: id, transportId: id, message: argument('The message.') }, answers('How many endpoints it was handed to.')),
  routeToTransport: of({ transportId: id, serverId: id, message: argument('The message.') }, answers('How many endpoints it was handed to.')),
  broadcast: of({ serverId: id, message: argument('The message.') }, answers('How many endpoints it was handed to.')),
  getPartitionStats: of({ partition: argument('The index of a partition; of all of them when it is left out.') }, answers('`{ partition, writeCount, sampleCount, samples, min, mean, max, alarm }`, or a list of these.')),
  getContentionStatus: of({}, answers('`{ partitions, alarmed, admission, mode }`.')),
  resetStats: of({}, nothing),
  setAdmission: of({ mode: argument('`auto`, `open` or `closed`.') }, nothing),
  close: of({}, nothing),
} as const;

export type RemoteOperation = keyof typeof operations;

/** The names of what an operation is given, in the order in which the interface takes them. */
export const argumentsOf = Object.fromEntries(Object.entries(operations).map(([name, { params }]) => [name, Object.keys(params.shape).filter((one) => one !== 'registry')])) as unknown as Readonly<Record<RemoteOperation, readonly string[]>>;

/** What a program may offer beyond the operations. */
const means = {
  'time/advance': of({ now: milliseconds.describe('The time, from now on. Never goes back.'), timers: z.array(timer).describe('What is over of what it waits for, in this order; what it has cleared meanwhile is of no account.') }, nothing),
  'fault/slowCommit': of({ ms: milliseconds.describe('How long each commit takes from now on, by the time of `time/advance` if it lives by that.') }, nothing),
  waits: of({}, z.array(z.object({ waiter: z.string(), holder: z.string(), for: z.string().optional() })).max(10_000)),
  settle: of({}, nothing),
} as const;

type Offered = RemoteOperation | keyof typeof means;
const offered = z.enum([...Object.keys(operations), ...Object.keys(means)] as [Offered, ...Offered[]]);

/** The features that a program declares: the others follow from its methods. `in-process` is none of them. */
const declared = z.enum(['partitions', 'thresholds', 'virtual-time', 'slow-commit', 'send-failures', 'send-awaited']);

/** What a message may be at most, either way. */
export const limits = {
  /** Bytes of a line, without the end of it. */
  line: 4 * 1024 * 1024,
  /** How deep arrays and objects are nested, the message itself included. */
  depth: 128,
  /** Requests that are open at once. */
  open: 20_000,
  /** Notifications that come while nothing is asked, or between two answers. */
  unasked: 250_000,
  /** Bytes that are waiting because the other side does not read. */
  backlog: 64 * 1024 * 1024,
} as const;

const reaches = z.object({
  line: z.int().min(4_096).optional().describe('The longest line that the program reads, in bytes.'),
  depth: z.int().min(8).optional().describe('How deep a line may be nested.'),
  strings: z.enum(['utf-16', 'unicode']).optional().describe('`unicode`: its strings cannot hold lone surrogates (Go, Rust, Elixir). `utf-16` unless said.'),
});

/** What a program answers to `initialize`. */
const introduction = claims
  .extend({
    protocol: z.literal(protocolVersion),
    features: z.array(declared).optional(),
    without: z.array(feature).optional(),
    methods: z.array(offered).describe('Every method that the program has, of the operations and of what may be offered beyond.'),
    limits: reaches.optional(),
    concurrency: z.int().min(1).max(limits.open).optional().describe('How many operations may be under way at once; 256 unless said. With 1 each waits for the answer of the one before.'),
  })
  .superRefine(({ methods, features = [] }, context) => {
    const must = (holds: boolean, message: string): void => void (holds || context.addIssue({ code: 'custom', message }));
    for (const least of ['registerServer', 'unregisterServer', 'findServer'] as const) must(methods.includes(least), `\`methods\` must include \`${least}\`: registerServer, unregisterServer and findServer are the least a registry has`);
    must(methods.includes('routeToTransport') || !methods.includes('broadcast'), 'a program with the method `broadcast` must have `routeToTransport`: to the kit they are one');
    must(methods.includes('broadcast') || !methods.includes('routeToTransport') || !methods.includes('bindTransportToServer'), 'a program with `routeToTransport` and `bindTransportToServer` must have the method `broadcast`, to everybody who is bound');
    must(!features.includes('virtual-time') || methods.includes('time/advance'), 'a program with the feature `virtual-time` must have the method `time/advance`');
    must(!features.includes('slow-commit') || methods.includes('fault/slowCommit'), 'a program with the feature `slow-commit` must have the method `fault/slowCommit`');
  });

export type Introduction = z.infer<typeof introduction>;

/** What the kit asks of a program: the parameters, and what is answered. */
export const requests = {
  initialize: {
    params: z.object({ protocol: z.int(), kit: z.object({ name: z.string(), version: z.string() }), limits: z.object({ line: z.int(), depth: z.int() }).describe('What the kit reads at most.') }),
    result: introduction,
  },
  open: of({ options: z.record(z.string(), z.unknown()).describe('`partitions` and the thresholds, where they are asked for: numbers. What the program does not honour it ignores.') }, nothing),
  'endpoint/create': of({ endpoint, fails: z.enum(['throws', 'rejects']).optional().describe('How it fails whenever it is sent something, after the program has told of the delivery: at once, or later. Only where `send-failures` is offered.') }, nothing),
  'endpoint/kill': of({ endpoint }, nothing),
  ...operations,
  ...means,
  dispose: of({}, nothing),
} as const;

export type Method = keyof typeof requests;
export type Params<M extends Method> = z.infer<(typeof requests)[M]['params']>;

/** What a program tells the kit, without being asked. */
export const notifications = {
  // Whatever it is that was sent is judged like what is sent in process.
  delivered: z.object({ registry, endpoint, namespace: z.unknown(), to: z.unknown(), from: z.unknown(), message: z.unknown() }),
  down: z.object({ registry, endpoint, reason: z.string().optional() }),
  'timer/set': z.object({ registry, timer, ms: milliseconds }),
  'timer/clear': z.object({ registry, timer }),
} as const;

export type Notification = keyof typeof notifications;

const version = z.literal('2.0');
const requestId = z.union([z.int(), z.string().max(200)]);
const failure = z.object({
  code: z.int(),
  message: z.string(),
  data: z.object({ code: z.string().optional().describe('Of a refusal: one of the specified codes, `already_registered` for example.') }).optional(),
});

/** The envelopes. */
export const envelopes = {
  request: z.object({ jsonrpc: version, id: requestId, method: z.string(), params: z.unknown() }),
  notification: z.object({ jsonrpc: version, method: z.string(), params: z.unknown() }),
  result: z.object({ jsonrpc: version, id: requestId, result: z.unknown() }),
  error: z.object({ jsonrpc: version, id: requestId.nullable(), error: failure }),
} as const;

export type Failure = z.infer<typeof failure>;

/** Codes of JSON-RPC errors. */
export const errorCodes = { parse: -32700, request: -32600, method: -32601, params: -32602, failed: -32603, refused: -32000 } as const;

const schemaOf = (type: z.ZodType): unknown => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' });
  return schema;
};
const message = (method: string, params: z.ZodType, isRequest: boolean): unknown => ({
  type: 'object',
  required: ['jsonrpc', ...(isRequest ? ['id'] : []), 'method', 'params'],
  properties: { jsonrpc: { const: '2.0' }, ...(isRequest && { id: schemaOf(requestId) }), method: { const: method }, params: schemaOf(params) },
});

/** The JSON Schema of the protocol, published as `sharded-registry/conformance/protocol.schema.json`: a message of either side, and the result of each method by name. */
export const protocolSchema: Record<string, unknown> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'The adapter protocol of sharded-registry',
  anyOf: [{ $ref: '#/$defs/fromKit' }, { $ref: '#/$defs/fromProgram' }],
  $defs: {
    fromKit: { anyOf: [...Object.entries(requests).map(([method, { params }]) => message(method, params, true)), schemaOf(envelopes.result), schemaOf(envelopes.error)] },
    fromProgram: { anyOf: [schemaOf(envelopes.error), schemaOf(envelopes.result), ...Object.entries(notifications).map(([method, params]) => message(method, params, false)), message('delivered', notifications.delivered, true)] },
    results: Object.fromEntries(Object.entries(requests).map(([method, { result }]) => [method, schemaOf(result)])),
  },
};
