import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { createModel, type ExpectedDelivery, type Operation, type Outcome } from '../../model/index.js';
import type { RequirementId } from '../../spec/index.js';
import { showAnswer, type Answer } from '../engine/answer.js';
import { Blocked, Violation } from '../engine/findings.js';
import { within } from '../engine/patience.js';
import { show, showOperation } from '../engine/show.js';
import { hearsStrangers } from '../engine/strangers.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * What is called from within a `send` is a call like any other: it is answered as it would be outside, and has been carried out when it
 * has been answered. In which order what it sends arrives is left open, and not looked at.
 */

const server = (id: string, endpoint: string): Operation => ({ op: 'registerServer', id, endpoint });
const transport = (id: string, endpoint: string): Operation => ({ op: 'registerTransport', id, endpoint });
const bind = (transportId: string, serverId: string): Operation => ({ op: 'bindTransportToServer', transportId, serverId });

/** Server `s` with the transports `a`, of the endpoint that calls back, `b` and `c`; another server, another transport, and a name that is free. */
const names = ['s', 'other', 'a', 'b', 'c', 'd', 'free'] as const;

const scene = (configs: boolean): Operation[] => [
  { op: 'registerServer', id: 's', endpoint: 'e1', ...(configs && { config: { v: 1 } }) },
  server('other', 'e3'),
  transport('a', 'calls'),
  transport('b', 'e4'),
  transport('c', 'e5'),
  transport('d', 'e4'),
  bind('a', 's'),
  bind('b', 's'),
  bind('c', 's'),
];

const writes = (t: Trial): Operation[] => [
  ...(['s', 'other', 'free'] as const).map((id): Operation => ({ op: 'unregisterServer', id })),
  ...(['a', 'b', 'free'] as const).map((id): Operation => ({ op: 'unregisterTransport', id })),
  ...(['a', 'b'] as const).map((transportId): Operation => ({ op: 'unbindTransport', transportId })),
  server('free', 'e7'),
  server('s', 'e7'),
  transport('free', 'e7'),
  transport('b', 'e7'),
  bind('d', 's'),
  bind('b', 'other'),
  bind('b', 'free'),
  bind('free', 's'),
  ...(t.offers('configs') ? [{ op: 'registerTransport', id: 'free', endpoint: 'e7', config: { serverId: 's' } } as const] : []),
  ...(t.offers('update') && t.offers('configs') ? [{ op: 'updateServer', id: 's', config: { v: 2 } } as const, { op: 'updateServer', id: 'free', config: {} } as const] : []),
];

const downs: readonly Operation[] = ['e4', 'calls', 'e1'].map((endpoint) => ({ op: 'down', endpoint }));

const routes = (message: string): Operation[] => [
  ...(['s', 'free'] as const).map((serverId): Operation => ({ op: 'routeToServer', serverId, transportId: 'a', message: `${message} to ${serverId}` })),
  ...(['a', 'b', 'free'] as const).map((transportId): Operation => ({ op: 'routeToTransport', transportId, serverId: 's', message: `${message} to ${transportId}` })),
  ...(['s', 'other'] as const).map((serverId): Operation => ({ op: 'broadcast', serverId, message: `${message} of ${serverId}` })),
];

const reads = (t: Trial): Operation[] => [
  ...names.flatMap((id): Operation[] => [{ op: 'findServer', id }, { op: 'findTransport', id }, { op: 'getServerForTransport', transportId: id }]),
  ...(t.offers('lists') ? ([{ op: 'listServers' }, { op: 'listTransports' }] as const) : []),
];

/** What is compared of a value: lists are in no order, and of a registration only what the registry offers. */
const comparable = (value: unknown, configs: boolean): unknown => {
  const one = (found: unknown): unknown => {
    if (typeof found !== 'object' || found === null) return found;
    const { id, endpoint, config } = found as { id: string; endpoint: string; config: unknown };
    return configs ? { id, endpoint, config } : { id, endpoint };
  };
  return Array.isArray(value) ? value.map(one).sort((a, b) => ((a as { id: string }).id < (b as { id: string }).id ? -1 : 1)) : one(value);
};

/** What must be answered, and what was, where they are not the same. */
function disagreement(outcome: Outcome, answer: Answer, configs: boolean): [expected: string, actual: string] | undefined {
  if (outcome.kind === 'refused') return answer.kind === 'refused' && outcome.codes.includes(answer.code) ? undefined : [`refused: ${outcome.codes.join(' or ')}`, showAnswer(answer)];
  const same = answer.kind === 'done' && (outcome.value === undefined ? answer.value === undefined : isDeepStrictEqual(comparable(answer.value, configs), comparable(outcome.value, configs)));
  return same ? undefined : [outcome.value === undefined ? 'nothing' : show(outcome.value), showAnswer(answer, 'nothing')];
}

/** What was called, and how it was answered. */
interface Called {
  readonly operation: Operation;
  readonly answer: Answer;
}

/** Makes calls one after the other, in the same turn for as long as the registry answers at once. */
async function call(t: Trial, program: readonly Operation[]): Promise<Called[]> {
  const called: Called[] = [];
  for (const operation of program) {
    const performed = t.rig.perform(operation);
    called.push({ operation, answer: performed instanceof Promise ? await performed : performed });
  }
  return called;
}

/** The same, from within the `send` of the endpoint `calls`. */
async function callFromWithin(t: Trial, program: readonly Operation[]): Promise<Called[]> {
  let called: Called[] = [];
  await runFromWithin(t, async () => {
    called = await call(t, program);
  });
  return called;
}

async function callAfterBroadcast(t: Trial, program: readonly Operation[]): Promise<Called[]> {
  await t.setup({ op: 'broadcast', serverId: 's', message: 'go' });
  return call(t, program);
}

/** The same, while a broadcast is being delivered. */
async function callAmidBroadcast(t: Trial, program: readonly Operation[]): Promise<Called[]> {
  let called: Called[] = [];
  await runFromWithin(t, async () => {
    called = await call(t, program);
  }, { op: 'broadcast', serverId: 's', message: 'go' });
  return called;
}

/** Runs something from within the `send` of the endpoint `calls`, to whose transport a message is on its way for this: 'go'. */
export async function runFromWithin(t: Trial, run: () => Promise<void>, go: Operation = { op: 'routeToTransport', transportId: 'a', serverId: 's', message: 'go' }): Promise<void> {
  let running: Promise<void> | undefined;
  t.rig.mailbox.reaction = { endpoint: 'calls', run: () => (running = run()) };
  await t.setup(go);
  for (let i = 0; i < 20 && running === undefined; i++) await t.settled([], 1);
  if (running === undefined) throw new Blocked('a message had to arrive first, and did not');
  await within(t.rig.patienceMs, 'a call made from within a send', running);
}

/** Judges a program by the model: the answers, what is there in the end, and that nothing was delivered that was not sent or twice. */
async function agrees(t: Trial, program: readonly Operation[], how: typeof call, where: string, requirement?: RequirementId): Promise<void> {
  const model = createModel();
  const configs = t.offers('configs');
  let { initial: state } = model;
  await t.open();
  for (const operation of scene(configs)) ({ state } = model.step(state, operation));
  await t.setup(...scene(configs));
  const expected: ExpectedDelivery[] = [];
  const heard = await hearsStrangers(t.adapter, t.rig.patienceMs);
  const isStranger = (operation: Operation): boolean => {
    const sender = operation.op === 'routeToServer' ? ({ op: 'findTransport', id: operation.transportId } as const) : operation.op === 'routeToTransport' ? ({ op: 'findServer', id: operation.serverId } as const) : undefined;
    if (sender === undefined || heard.has(operation.op as 'routeToServer' | 'routeToTransport')) return false;
    const { outcome } = model.step(state, sender);
    return outcome.kind === 'done' && outcome.value === undefined;
  };
  const judge = ({ operation, answer }: Called): void => {
    // Whether one may send who is not registered is left open.
    if (isStranger(operation)) return;
    const step = model.step(state, operation);
    ({ state } = step);
    expected.push(...step.deliveries);
    const wrong = disagreement(step.outcome, answer, configs);
    t.evidence++;
    if (wrong !== undefined) throw new Violation(`${showOperation(operation)} was answered wrongly ${where}`, ...wrong, requirement);
  };
  for (const called of await how(t, program)) judge(called);
  if (prompt(t)) for (const called of await call(t, reads(t))) judge(called);
  const arrived = (await t.arrivals(0)).filter(({ message }) => message !== 'go').map((one) => JSON.stringify([one.endpoint, one.to, one.message]));
  for (const { endpoint, to, message } of expected) {
    const at = arrived.indexOf(JSON.stringify([endpoint, to, message]));
    if (at >= 0) arrived.splice(at, 1);
  }
  t.check(arrived.length === 0, `more was delivered than was sent ${where}`, 'nothing more', arrived);
}

/** A program is judged from within a send if it works outside of one, also after a broadcast: otherwise the send is not the reason. */
async function worksFromWithin(t: Trial, programs: readonly (readonly Operation[])[], requirement?: RequirementId): Promise<void> {
  for (const program of programs) {
    await t.given(agrees(t, program, call, 'outside of any send'));
    await t.given(agrees(t, program, callAfterBroadcast, 'after a broadcast'));
  }
  for (const program of programs) {
    await agrees(t, program, callFromWithin, 'from within a send', requirement);
    await agrees(t, program, callAmidBroadcast, 'from within a send of a broadcast', requirement);
    t.occurred();
  }
}

/** Some calls, one after the other. Each message is sent once, so that what is delivered twice shows. */
function randomPrograms(t: Trial, count: number, operations: readonly Operation[]): Operation[][] {
  const programs = fc.sample(fc.array(fc.constantFrom(...operations), { minLength: 3, maxLength: 10 }), { seed: t.seed, numRuns: count });
  return programs.map((program) => program.map((operation, i) => ('message' in operation ? { ...operation, message: `${i}` } : operation)));
}

/** Whether what has been written shows at once. */
const prompt = (t: Trial): boolean => t.stalenessMs === 0;

export const fromWithinChecks = [
  check('RTE-7', 'whatever a send calls is answered as it would be outside, and has been carried out by then', 'a call made from within a send, and answered', async (t) => {
    if (!prompt(t)) return worksFromWithin(t, writes(t).map((write) => [write]));
    const after = [...reads(t), ...routes('then')];
    await worksFromWithin(t, [routes('first'), ...writes(t).map((write) => [write, ...after])]);
    // And so is a random sequence of calls.
    await worksFromWithin(t, randomPrograms(t, 40, [...writes(t), ...writes(t), ...routes('m')]));
  }, { needs: ['binding'] }),
  check('DWN-3', 'also when an endpoint goes down within a send, its own or that of another', 'an endpoint that went down within a send', async (t) => {
    await worksFromWithin(t, downs.map((down) => [down, ...(prompt(t) ? reads(t) : [])]));
    if (!prompt(t)) return;
    // Among writes as well; what goes wrong with these alone does not do so because of the "down".
    for (const [i, program] of randomPrograms(t, 20, writes(t)).entries()) {
      await t.given(worksFromWithin(t, [program]));
      await worksFromWithin(t, [program.toSpliced(i % program.length, 0, downs[i % downs.length]!)]);
    }
  }, { needs: ['transports', 'binding', 'routing'] }),
  check('CLS-1', 'also when it is closed from within a send', 'a registry closed from within a send', async (t) => {
    const refused: Operation[] = [server('free', 'e7'), transport('free', 'e7')];
    await t.given(closes(t, call, refused));
    await closes(t, callFromWithin, refused);
    t.occurred();
  }, { needs: ['transports', 'binding', 'routing', 'send-awaited'] }),

  check('RTE-1', 'a message is for whoever is registered when it is routed, not for who has the name when it is handed over', 'a name that went from one endpoint to another right after a message was routed to it, also from within a send', async (t) => {
    const kinds = [
      { route: { op: 'routeToTransport', transportId: 'b', serverId: 's', message: 'm' }, end: { op: 'unregisterTransport', id: 'b' }, anew: transport('b', 'new') },
      { route: { op: 'routeToServer', serverId: 'other', transportId: 'a', message: 'm' }, end: { op: 'unregisterServer', id: 'other' }, anew: server('other', 'new') },
    ] as const;
    for (const { route, end, anew } of kinds) {
      for (const makeCall of [(run: () => Promise<void>): Promise<void> => run(), (run: () => Promise<void>): Promise<void> => runFromWithin(t, run)]) {
        await t.open();
        await t.setup(...scene(t.offers('configs')));
        let answers: readonly Answer[] = [];
        await makeCall(async () => {
          // In the same turn, for as long as the registry answers at once.
          const routed = t.rig.perform(route);
          if (routed instanceof Promise) await routed;
          const ended = t.rig.perform(end);
          // Elsewhere, calls that are open together have no order.
          if (!t.offers('in-process')) await ended;
          answers = await Promise.all([ended, t.rig.perform(anew)]);
          // Whoever refuses at the call what may be possible at its turn is asked again.
          if (answers[1]!.kind === 'refused') answers = [answers[0]!, await t.rig.perform(anew)];
        });
        t.occurred(answers.length > 0 && answers.every(({ kind }) => kind === 'done'));
        // Whether the old one still gets it is not for this to say: it has given up its name by now.
        const astray = (await t.arrivals(0)).filter(({ endpoint }) => endpoint === 'new');
        t.check(astray.length === 0, 'a message reached an endpoint that was not registered when it was routed', 'nothing', astray);
      }
    }
  }, { needs: ['binding', 'send-awaited'] }),
  check('RTE-3', 'a name that somebody else gets in the middle of a broadcast: not the new one', 'a name that went from one endpoint to another while a broadcast was being delivered', async (t) => {
    for (const bindsAgain of [false, true]) {
      for (let position = 0; position < 4; position++) await replacesTheOthers(t, position, bindsAgain);
    }
  }, { needs: ['transports', 'routing', 'binding', 'in-process'] }),

  check('RTE-6', 'a send that throws, called from within another, keeps nothing from what comes later', 'a message routed from within a send, delivered to an endpoint that fails', async (t) => {
    // What is lost although nobody fails is lost for another reason.
    await t.given(routesFromWithin(t, 'e4'));
    for (const failing of ['throws1', 'rejects1']) {
      await routesFromWithin(t, failing);
      t.occurred();
    }
  }, { needs: ['binding', 'send-awaited'] }),
];

/** Routes from within a send to `b`, which may fail, among others, and to everybody when that is over. */
async function routesFromWithin(t: Trial, b: string): Promise<void> {
  await t.open();
  await t.setup(server('s', 'e1'), transport('a', 'calls'), transport('b', b), transport('c', 'e5'), bind('b', 's'), bind('c', 's'));
  const program: Operation[] = [
    { op: 'routeToTransport', transportId: 'b', serverId: 's', message: '1' },
    { op: 'broadcast', serverId: 's', message: '2' },
    { op: 'routeToTransport', transportId: 'c', serverId: 's', message: '3' },
  ];
  for (const { answer, operation } of await callFromWithin(t, program)) t.accepted(answer, operation, 'what the recipient does is not for the sender');
  for (const transportId of ['a', 'b', 'c']) await t.succeeds({ op: 'routeToTransport', transportId, serverId: 's', message: '4' }, 'what a recipient did before is of no account');
  await t.succeeds({ op: 'routeToServer', serverId: 's', transportId: 'a', message: '5' }, 'what a recipient did before is of no account');
  const got = (await t.arrivals(9)).map(({ endpoint, message }) => `${endpoint} ${show(message)}`).sort();
  const expected = ['calls "go"', `${b} "1"`, `${b} "2"`, 'e5 "2"', 'e5 "3"', 'calls "4"', `${b} "4"`, 'e5 "4"', 'e1 "5"'].sort();
  t.check(isDeepStrictEqual(got, expected), 'after a send that failed from within another, a message was lost or repeated', expected, got);
}

/** Closes; from then on nothing is there, and nothing is admitted. */
async function closes(t: Trial, how: typeof call, refused: readonly Operation[]): Promise<void> {
  await t.open();
  await t.setup(...scene(t.offers('configs')));
  for (const { operation, answer } of await how(t, [{ op: 'close' }])) t.accepted(answer, operation, 'closing succeeds');
  for (const operation of refused) {
    const answer = await t.rig.perform(operation);
    t.check(answer.kind === 'refused', `${showOperation(operation)}: the registry has been closed`, 'a refusal', showAnswer(answer));
  }
  for (const id of names) {
    for (const operation of [{ op: 'findServer', id }, { op: 'findTransport', id }, { op: 'getServerForTransport', transportId: id }] as const) {
      await t.eventually(async () => {
        const answer = await t.rig.perform(operation);
        t.check(answer.kind === 'refused' || (answer.kind === 'done' && answer.value === undefined), `${showOperation(operation)}: the registry has been closed`, 'nothing, or a refusal', showAnswer(answer));
      });
    }
  }
}

/** Of four recipients of a broadcast, the one in this position gives the names of all the others to somebody else, as soon as it gets it. */
async function replacesTheOthers(t: Trial, position: number, bindsAgain: boolean): Promise<void> {
  const { mailbox } = await t.open();
  const ids = [0, 1, 2, 3];
  await t.setup(server('s', 'e1'));
  for (const i of ids) await t.setup(transport(`t${i}`, `old${i}`), bind(`t${i}`, 's'));
  let replaced = 0;
  let replacing: Promise<void> | undefined;
  const replace = async (): Promise<void> => {
    for (const i of ids.filter((one) => one !== position)) {
      // In the same turn, for as long as the registry answers at once.
      for (const operation of [{ op: 'unregisterTransport', id: `t${i}` } as const, transport(`t${i}`, `new${i}`), ...(bindsAgain ? [bind(`t${i}`, 's')] : [])]) {
        const performed = t.rig.perform(operation);
        const answer = performed instanceof Promise ? await performed : performed;
        if (answer.kind === 'done' && operation.op === 'registerTransport') replaced++;
      }
    }
  };
  mailbox.reaction = { endpoint: `old${position}`, run: () => (replacing = replace()) };
  await t.succeeds({ op: 'broadcast', serverId: 's', message: 'm' }, 'a recipient that calls back is no reason to fail');
  for (let i = 0; i < 20 && replacing === undefined; i++) await t.settled([], 1);
  if (replacing === undefined) throw new Blocked('a broadcast had to arrive first, and did not');
  await within(t.rig.patienceMs, 'a call made from within a send', replacing);
  t.occurred(replaced > 0);
  // Whether the old ones still get it is left open: they were bound when it was sent, and are not when it is handed over.
  const fresh = (await t.arrivals(0)).map(({ endpoint }) => endpoint).filter((endpoint) => endpoint.startsWith('new'));
  t.check(fresh.length === 0, 'a broadcast reached endpoints that were not bound when it was sent', 'none', fresh);
}
