import { getEventListeners } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { describe, tables, type ExpectedDelivery, type Found, type Operation, type Outcome, type RegistryModel, type RegistryState } from '../../model/index.js';
import { detectionMs, type ContentionStatus, type Namespace, type PartitionStats, type RequirementId } from '../../spec/index.js';
import { showAnswer, type Answer } from './answer.js';
import { blameAnswer, blameDeliveries, blameState, type Circumstances, type Difference } from './blame.js';
import { harms } from './endpoint.js';
import { Blocked, Violation } from './findings.js';
import { eventually, type Lag } from './patience.js';
import { plannedReaction, reacts } from './reaction.js';
import type { Rig } from './rig.js';
import { show, showOperation } from './show.js';
import { ofEndpoints, ofPartitions, ofSteps, type Past } from './situations.js';
import { hearsStrangers } from './strangers.js';
import { turn } from './virtual-clock.js';

/** The ids that a run uses, so that everything can be looked at after each step. */
export interface Pool {
  readonly servers: readonly string[];
  readonly transports: readonly string[];
}

/** What an oracle looks at besides answers. */
export interface Scope {
  readonly names: boolean;
  readonly bindings: boolean;
  readonly lists: boolean;
  readonly configs: boolean;
  /** Whether nothing is looked at after a step but what it reads itself: a look may mend, or hide, what a step has left undone. */
  readonly isUnwatched?: boolean;
  /** Whether endpoints and registry share a process: then listeners can be counted. */
  readonly listeners: boolean;
  /** Milliseconds that a change may take to show, and that a "down" may take. */
  readonly stalenessMs: number;
  readonly downMs: number;
}

/**
 * Drives a registry and the model side by side, one step at a time, and compares all that can be seen: the answer, the
 * deliveries, and after each step, or in the end, every name and binding of the pool. A disagreement is a {@link Violation} that
 * carries the requirement it breaks.
 */
export class Oracle {
  state: RegistryState;
  /** The steps performed, replayable. */
  readonly program: Operation[] = [];
  /** How often each requirement was put to the test by what happened: see `situations.ts`. */
  readonly occurred = new Map<RequirementId, number>();
  /** What the model held before the last step. */
  before: RegistryState;
  /** Set when the rest of a run says nothing: a requirement found broken already has been broken again. */
  spoiled = false;
  /** Whether a violation ends a run without failing it: it has been reported, or was not asked for. */
  excuses: (violation: Violation) => boolean = () => false;
  readonly #holders = new Map<string, Set<string>>();
  /** Names that have been an end of a binding. */
  readonly #tied = new Set<string>();
  readonly #past: Past = {
    holders: (namespace, id) => this.#holders.get(key(namespace, id)) ?? nobody,
    wasTied: (namespace, id) => this.#tied.has(key(namespace, id)),
  };
  /** Endpoints that were listened to while they held names. */
  readonly #listened = new Set<string>();
  /** Transports that have been bound since they were registered. */
  readonly #everBound = new Set<string>();
  /** Whether anything has been refused yet. */
  #refused = false;
  /** What has been delivered so far. Each message is sent once, but for what endpoints send themselves. */
  readonly #delivered = new Set<string>();
  /** Whether an endpoint has thrown, rejected or called back. */
  #troubled = false;
  /** What was so before the last step. */
  #last: Circumstances | undefined;
  /** Partitions whose alarm has been on: if it shows and should not, it has failed to go off. */
  readonly #alarmed = new Set<number>();

  constructor(
    readonly rig: Rig,
    readonly model: RegistryModel,
    readonly pool: Pool,
    readonly scope: Scope,
  ) {
    this.state = this.before = model.initial;
  }

  async step(operation: Operation): Promise<void> {
    this.program.push(operation);
    this.before = this.state;
    const expected = this.model.step(this.before, operation);
    const reaction = plannedReaction(this.model, expected, this.pool);
    const circumstances = this.#circumstances(operation, expected.outcome, expected.deliveries, reaction !== undefined);

    let reacted: Promise<Answer[]> | undefined;
    if (reaction) {
      const run = async (): Promise<void> => {
        reacted = Promise.all(reaction.operations.map((nested) => this.rig.perform(nested)));
        await reacted;
      };
      this.rig.mailbox.reaction = { endpoint: reaction.endpoint, run };
    }
    const performed = this.rig.perform(operation);
    const answer = performed instanceof Promise ? await performed : performed;
    if ((expected.deliveries.length > 0 || answer.kind === 'refused') && (await this.#isNotHeard(operation, answer))) {
      this.rig.mailbox.reaction = undefined;
      return;
    }
    const forgone = reaction?.forgone ?? [];
    this.#compareAnswer(circumstances, answer, expected.deliveries, forgone);

    const deliveries = await this.#compareDeliveries(circumstances, [...expected.deliveries, ...(reaction?.deliveries ?? [])], forgone);
    if (reacted) {
      for (const nested of await reacted) {
        if (nested.kind !== 'done') throw new Violation('a call made from within a send failed', 'success', showAnswer(nested), 'RTE-7', ['UNR-1', 'BND-5', 'RTE-3']);
      }
    }
    this.rig.mailbox.reaction = undefined;

    this.state = reaction?.state ?? expected.state;
    if (operation.op === 'resetStats') await this.#compareReset();
    this.#last = circumstances;
    if (this.scope.isUnwatched) await this.#compareRead(circumstances, answer);
    else await this.lookAtAll();
    if (this.scope.listeners) this.#compareListeners(operation);
    this.#count(ofSteps, { operation, outcome: expected.outcome, deliveries, before: this.before, after: this.state, isReentrant: reaction !== undefined, past: this.#past });
    this.#remember(operation, expected.outcome);
  }

  /** Compares every name and binding of the pool, and the lists. What differs is blamed on the last step. */
  async lookAtAll(): Promise<void> {
    const circumstances = this.#last;
    if (circumstances === undefined) return;
    const { scope } = this;
    await eventually(circumstances.operation.op === 'down' ? scope.downMs : scope.stalenessMs, () => this.#compareState(circumstances), this.#lag, this.excuses);
  }

  /** Steps that have to go well before a run can begin; if one does not, a check says so. Not part of the program. */
  async begin(operations: readonly Operation[]): Promise<void> {
    try {
      for (const operation of operations) await this.step(operation);
    } catch (error) {
      await this.rig.dispose();
      if (!(error instanceof Violation)) throw error;
      throw new Blocked(`this had to be right before anything could begin: ${error.message}`);
    }
    this.program.length = 0;
  }

  /** Sends a message to every name, and from every server to everybody. */
  async probe(broadcasts: boolean): Promise<void> {
    const [to, from] = [this.pool.transports, this.pool.servers];
    const sends: Operation[] = [
      ...(broadcasts ? from.map((serverId): Operation => ({ op: 'broadcast', serverId, message: `to all of ${serverId}` })) : []),
      ...from.map((serverId): Operation => ({ op: 'routeToServer', serverId, transportId: to[0] ?? serverId, message: `to server ${serverId}` })),
      ...to.map((transportId): Operation => ({ op: 'routeToTransport', transportId, serverId: from[0] ?? transportId, message: `to transport ${transportId}` })),
    ];
    // Of those that call back, one is enough: with two, what comes of it depends on who is first.
    for (const operation of sends) if (this.model.step(this.state, operation).deliveries.filter(({ endpoint }) => reacts(endpoint)).length < 2) await this.step(operation);
  }

  /** After the last step: nothing may arrive any more. */
  async end(): Promise<void> {
    await this.rig.settle();
    const late = this.rig.mailbox.take();
    if (late.length > 0) throw new Violation('a delivery arrived that nothing asked for', 'no further delivery', show(late), 'RTE-5');
  }

  /** The names of the pool that are registered, by the model, in the order of the pool. */
  registered(namespace: Namespace): readonly string[] {
    const [pool, op] = namespace === 'server' ? [this.pool.servers, 'findServer' as const] : [this.pool.transports, 'findTransport' as const];
    return pool.filter((id) => this.#ask({ op, id }) !== undefined);
  }

  describeBefore(): string[] {
    return describe(this.before);
  }

  /** Whether one that is not registered was not let send, by a registry that lets no such one. */
  async #isNotHeard(operation: Operation, answer: Answer): Promise<boolean> {
    const sender: Operation | undefined =
      operation.op === 'routeToServer' ? { op: 'findTransport', id: operation.transportId } : operation.op === 'routeToTransport' ? { op: 'findServer', id: operation.serverId } : undefined;
    if (sender === undefined || this.#ask(sender) !== undefined || this.rig.mailbox.size > 0) return false;
    const isUnheard = answer.kind === 'refused' ? answer.code === (operation.op === 'routeToServer' ? 'transport_not_found' : 'server_not_found') : answer.kind === 'done' && answer.value === 0;
    return isUnheard && !(await hearsStrangers(this.rig.adapter, this.rig.patienceMs)).has(operation.op as 'routeToServer' | 'routeToTransport');
  }

  #compareAnswer(circumstances: Circumstances, answer: Answer, deliveries: readonly ExpectedDelivery[], forgone: readonly ExpectedDelivery[]): void {
    const { operation, outcome } = circumstances;
    const wrong = (expected: string): never => {
      const [requirement, ...suspects] = blameAnswer(circumstances, answer);
      throw new Violation(`${showOperation(operation)} was answered wrongly`, expected, showAnswer(answer), requirement, suspects);
    };
    if (outcome.kind === 'refused') {
      // With which code a closed registry refuses registrations is left open (CLS-1).
      if (answer.kind === 'refused' && this.#closed && operation.op.startsWith('register')) return;
      if (answer.kind !== 'refused' || !outcome.codes.includes(answer.code)) wrong(`refused: ${outcome.codes.join(' or ')}`);
      return;
    }
    if (answer.kind !== 'done') return wrong(outcome.value === undefined ? 'success' : show(outcome.value));
    // What reads answer is compared, with everything else that can be read, after the step.
    if (operation.op !== 'routeToServer' && operation.op !== 'routeToTransport' && operation.op !== 'broadcast') return;
    const most = deliveries.length;
    const least = deliveries.filter((one) => !harms(one.endpoint) && !forgone.includes(one)).length;
    const count = answer.value as number;
    if (count < least || count > most) wrong(least === most ? `${most}` : `${least} to ${most}`);
  }

  /** Gives those that have arrived: all that are expected, but for some that may be forgone. */
  async #compareDeliveries(circumstances: Circumstances, expected: readonly ExpectedDelivery[], forgone: readonly ExpectedDelivery[]): Promise<readonly ExpectedDelivery[]> {
    const { mailbox } = this.rig;
    if (mailbox.malformed !== undefined) {
      throw new Violation('a delivery was malformed', '{ namespace, to, from, message }', mailbox.malformed, 'RTE-1');
    }
    if (expected.length === 0 && mailbox.size === 0) return expected;
    if (mailbox.size < expected.length) await this.rig.arrived();
    const patience = performance.now() + this.rig.arrivalMs;
    for (let turns = 0; mailbox.size < expected.length && (turns < 50 || performance.now() < patience); turns++) await turn();
    const extra: ExpectedDelivery[] = [...mailbox.take()];
    const arrived = expected.filter((wanted) => {
      const at = extra.findIndex((got) => isDeepStrictEqual({ ...got }, { ...wanted }));
      if (at >= 0) extra.splice(at, 1);
      return at >= 0;
    });
    const missing = expected.filter((wanted) => !arrived.includes(wanted) && !forgone.includes(wanted));
    if (circumstances.throwing || circumstances.reentrant) this.#troubled = true;
    const repeated = extra.filter((one) => one.message !== 'echo' && this.#delivered.has(line(one)));
    for (const one of arrived) this.#delivered.add(line(one));
    if (missing.length === 0 && extra.length === 0) return arrived;
    const formerHolderOf = ({ namespace, to, endpoint }: ExpectedDelivery): boolean =>
      !expected.some((wanted) => wanted.to === to && wanted.namespace === namespace && wanted.endpoint === endpoint) &&
      (this.#holders.get(key(namespace, to))?.has(endpoint) ?? false);
    const [requirement, ...suspects] = blameDeliveries(circumstances, { missing, extra, expected, formerHolderOf, deliveredBefore: (one) => repeated.includes(one) });
    throw new Violation(
      `${showOperation(circumstances.operation)} did not deliver what it had to`,
      showDeliveries(expected),
      `${missing.length > 0 ? `missing ${showDeliveries(missing)}` : ''}${missing.length > 0 && extra.length > 0 ? '; ' : ''}${extra.length > 0 ? `too many ${showDeliveries(extra)}` : ''}`,
      requirement,
      suspects,
    );
  }

  /** The time that a registry may be late passes for the model as well. */
  get #lag(): Lag | undefined {
    const { lag } = this.rig;
    if (lag === undefined) return undefined;
    return {
      ms: lag.ms,
      advance: (ms) => {
        this.state = this.model.step(this.state, { op: 'advance', ms }).state;
        return lag.advance(ms);
      },
    };
  }

  /** Whether the registry has been closed: then it may answer a read with nothing, or refuse it (CLS-1). */
  get #closed(): boolean {
    return tables.lifecycle.has(this.state.lifecycle, 'closed');
  }

  async #compareState(circumstances: Circumstances): Promise<void> {
    const { scope, pool } = this;
    if (scope.names) {
      for (const id of pool.servers) await this.#compareName(circumstances, 'server', id);
      for (const id of pool.transports) await this.#compareName(circumstances, 'transport', id);
    }
    if (this.#closed) return;
    if (scope.bindings) for (const id of pool.transports) await this.#compareBinding(circumstances, id);
    if (scope.lists) {
      await this.#compareList('listServers');
      await this.#compareList('listTransports');
    }
  }

  /**
   * Lets the time pass that an alarm may take to show, and, if nothing has changed in the meantime, compares statistics,
   * alarms and admission. Gives whether it did.
   */
  async look(): Promise<boolean> {
    const seen = (): readonly unknown[] => [this.#ask({ op: 'getPartitionStats' }), this.#ask({ op: 'getContentionStatus' })];
    const first = seen();
    for (const { partition, alarm } of first[0] as readonly PartitionStats[]) if (alarm) this.#alarmed.add(partition);
    const { state } = this;
    let steady = true;
    for (let ms = 0; ms < detectionMs && steady; ms += lookEveryMs) {
      this.state = this.model.step(this.state, { op: 'advance', ms: lookEveryMs }).state;
      steady = isDeepStrictEqual(seen(), first);
    }
    this.state = state;
    await this.step({ op: 'advance', ms: detectionMs });
    if (steady) await this.compareContention();
    return steady;
  }

  /** The answer of a step that reads. */
  async #compareRead(circumstances: Circumstances, answer: Answer): Promise<void> {
    const { operation } = circumstances;
    if (operation.op === 'findServer' || operation.op === 'findTransport') await this.#compareName(circumstances, operation.op === 'findServer' ? 'server' : 'transport', operation.id, answer);
    if (operation.op === 'getServerForTransport') await this.#compareBinding(circumstances, operation.transportId, answer);
    if (operation.op === 'listServers' || operation.op === 'listTransports') await this.#compareList(operation.op, answer);
  }

  async #compareName(circumstances: Circumstances, namespace: Namespace, id: string, given?: Answer): Promise<void> {
    const operation: Operation = { op: namespace === 'server' ? 'findServer' : 'findTransport', id };
    const expected = this.#ask(operation) as Found | undefined;
    const peeked = given ?? this.rig.peek(operation);
    const answer = peeked instanceof Promise ? await peeked : peeked;
    const actual = answer.kind === 'done' ? (answer.value as Found | undefined) : undefined;
    const same =
      answer.kind === 'done' &&
      actual?.endpoint === expected?.endpoint &&
      actual?.id === expected?.id &&
      (!this.scope.configs || expected === undefined || isDeepStrictEqual(actual!.config, expected.config));
    if (same || (this.#closed && answer.kind === 'refused' && answer.code === 'registry_closed')) return;
    const configOnly = actual?.endpoint === expected?.endpoint && actual?.id === expected?.id;
    this.#differ(circumstances, { in: 'name', namespace, id, expected: expected !== undefined, configOnly }, operation, expected, answer);
  }

  async #compareBinding(circumstances: Circumstances, transportId: string, given?: Answer): Promise<void> {
    const operation: Operation = { op: 'getServerForTransport', transportId };
    const expected = this.#ask(operation);
    const peeked = given ?? this.rig.peek(operation);
    const answer = peeked instanceof Promise ? await peeked : peeked;
    if (answer.kind === 'done' && answer.value === expected) return;
    this.#differ(circumstances, { in: 'binding', transportId, expected: expected !== undefined }, operation, expected, answer);
  }

  async #compareList(op: 'listServers' | 'listTransports', given?: Answer): Promise<void> {
    const expected = this.#ask({ op }) as readonly Found[];
    const peeked = given ?? this.rig.peek({ op });
    const answer = peeked instanceof Promise ? await peeked : peeked;
    const isRight = (listed: readonly Found[]): boolean =>
      listed.length === expected.length &&
      expected.every((one) => listed.some(({ id, endpoint, config }) => id === one.id && endpoint === one.endpoint && (!this.scope.configs || isDeepStrictEqual(config, one.config))));
    if (answer.kind === 'done' && isRight(answer.value as readonly Found[])) return;
    throw new Violation(`${op}() contradicts the lookups`, show(expected), showAnswer(answer), answer.kind === 'broken' ? answer.breaks : 'LST-1');
  }

  /** Who holds nothing is not listened to. Of one that has gone down nobody will hear again, so what is left there does no harm. */
  #compareListeners(operation: Operation): void {
    const held = new Set((['listServers', 'listTransports'] as const).flatMap((op) => ((this.#ask({ op }) ?? []) as readonly Found[]).map(({ endpoint }) => endpoint)));
    for (const { name, signal } of this.rig.endpoints) {
      const left = signal.aborted ? 0 : getEventListeners(signal, 'abort').length;
      if (left > 0 && held.has(name)) this.#listened.add(name);
      if (signal.aborted || (held.has(name) && !this.#closed)) continue;
      if (left > 0) throw new Violation(`after ${showOperation(operation)}, ${name} holds no name, and is still listened to`, '0 listeners', `${left}`, this.#closed ? 'CLS-3' : 'CLS-4');
      this.#count(ofEndpoints, { wasListenedTo: this.#listened.has(name), isClosed: this.#closed });
    }
  }

  /** Compares statistics, alarms and admission as they are now. */
  async compareContention(): Promise<void> {
    const expected = this.#ask({ op: 'getPartitionStats' }) as readonly PartitionStats[];
    const answer = await this.rig.peek({ op: 'getPartitionStats' });
    if (answer.kind !== 'done' || !Array.isArray(answer.value)) {
      throw new Violation('getPartitionStats() was answered wrongly', 'a list', showAnswer(answer), 'STA-1');
    }
    const actual = answer.value as readonly PartitionStats[];
    for (const want of expected) {
      const got = actual.find(({ partition }) => partition === want.partition);
      const differs = (field: keyof PartitionStats, requirement: RequirementId, suspects: readonly RequirementId[] = []): void => {
        if (got === undefined || !close(got[field], want[field])) {
          throw new Violation(`the ${field} of partition ${want.partition} is wrong`, show(want), show(got), requirement, suspects);
        }
      };
      differs('writeCount', 'STA-1');
      // A registry that shows more samples than the model has kept some too long.
      differs('samples', got!.samples.length > want.samples.length && want.samples.length < 10 ? 'CTN-4' : 'STA-2', ['CTN-4', 'STA-5']);
      differs('sampleCount', 'STA-2');
      differs('min', 'STA-3');
      differs('mean', 'STA-3');
      differs('max', 'STA-3');
      differs('alarm', want.alarm ? 'CTN-1' : this.#alarmed.has(want.partition) ? 'CTN-5' : 'CTN-2');
    }
    const status = this.#ask({ op: 'getContentionStatus' }) as ContentionStatus;
    const shown = await this.rig.peek({ op: 'getContentionStatus' });
    const seen = shown.kind === 'done' ? (shown.value as ContentionStatus) : undefined;
    if (seen === undefined || !isDeepStrictEqual([...seen.alarmed].sort((a, b) => a - b), [...status.alarmed]) || seen.mode !== status.mode || seen.partitions !== status.partitions) {
      throw new Violation('getContentionStatus() contradicts the statistics', show(status), showAnswer(shown), 'CTN-10', ['ADM-5', 'ADM-6']);
    }
    if (seen.admission !== status.admission) {
      const requirement = status.mode === 'closed' ? 'ADM-5' : status.mode === 'open' ? 'ADM-6' : status.admission === 'closed' ? 'ADM-1' : 'ADM-2';
      throw new Violation('getContentionStatus() shows the wrong admission', show(status), showAnswer(shown), requirement, ['CTN-10']);
    }
    for (const stats of expected) this.#count(ofPartitions, { stats, wasAlarmed: this.#alarmed.has(stats.partition) });
  }

  /** A reset leaves nothing, whatever was there: what comes later may have other reasons. */
  async #compareReset(): Promise<void> {
    const answer = await this.rig.peek({ op: 'getPartitionStats' });
    if (answer.kind !== 'done' || !Array.isArray(answer.value)) return;
    const left = (answer.value as readonly PartitionStats[]).filter(({ writeCount, samples }) => writeCount > 0 || samples.length > 0);
    if (left.length > 0) throw new Violation('a reset left something', 'no writes and no samples', show(left), 'STA-5');
  }

  #differ(circumstances: Circumstances, difference: Difference, read: Operation, expected: unknown, answer: Answer): never {
    const [requirement, ...suspects] =
      answer.kind === 'done' ? blameState(circumstances, difference) : [answer.kind === 'broken' ? answer.breaks : answer.code === 'admission_control_active' ? 'ADM-3' : 'LKP-2'];
    throw new Violation(
      `after ${showOperation(circumstances.operation)}, ${showOperation(read)} is wrong`,
      expected === undefined ? 'nothing' : show(expected),
      showAnswer(answer, 'nothing'),
      requirement,
      suspects,
    );
  }

  /** What the model answers to a read. */
  #ask(operation: Operation): unknown {
    const { outcome } = this.model.step(this.state, operation);
    return outcome.kind === 'done' ? outcome.value : undefined;
  }

  #circumstances(operation: Operation, outcome: Outcome, deliveries: readonly ExpectedDelivery[], reentrant: boolean): Circumstances {
    const { before } = this;
    const was = (read: Operation): unknown => {
      const answer = this.model.step(before, read).outcome;
      return answer.kind === 'done' ? answer.value : undefined;
    };
    const status = was({ op: 'getContentionStatus' }) as ContentionStatus | undefined;
    return {
      operation,
      outcome,
      mode: status?.mode ?? 'auto',
      held: (namespace, id) => was({ op: namespace === 'server' ? 'findServer' : 'findTransport', id }) !== undefined,
      heldBefore: (namespace, id) => this.#holders.has(key(namespace, id)),
      heldElsewhere: (namespace, id) => was({ op: namespace === 'server' ? 'findTransport' : 'findServer', id }) !== undefined,
      formerHolder: (namespace, id) => operation.op === 'down' && (this.#holders.get(key(namespace, id))?.has(operation.endpoint) ?? false),
      wasBound: (transportId) => was({ op: 'getServerForTransport', transportId }) !== undefined,
      everBound: (transportId) => this.#everBound.has(transportId),
      refusedBefore: this.#refused,
      reentrant,
      overcounted: (answer) => answer.kind === 'done' && typeof answer.value === 'number' && answer.value > deliveries.length,
      throwing: deliveries.some(({ endpoint }) => harms(endpoint)),
      troubled: this.#troubled,
    };
  }

  /** After a step on which registry and model agree. */
  #remember(operation: Operation, outcome: Outcome): void {
    if (outcome.kind === 'refused') this.#refused = true;
    if (outcome.kind === 'done' && (operation.op === 'registerServer' || operation.op === 'registerTransport')) {
      const name = key(operation.op === 'registerServer' ? 'server' : 'transport', operation.id);
      if (operation.op === 'registerTransport') this.#everBound.delete(operation.id);
      this.#holders.set(name, (this.#holders.get(name) ?? new Set()).add(operation.endpoint));
    }
    if (this.state.bindings === this.before.bindings) return;
    for (const [transportId, { server }] of this.state.bindings) {
      this.#everBound.add(transportId);
      this.#tied.add(key('transport', transportId)).add(key('server', server));
    }
  }

  #count<Seen>(situations: readonly { readonly requirement: RequirementId; readonly occurs: (seen: Seen) => boolean }[], seen: Seen): void {
    for (const { requirement, occurs } of situations) if (occurs(seen)) this.occurred.set(requirement, (this.occurred.get(requirement) ?? 0) + 1);
  }
}

const nobody: ReadonlySet<string> = new Set();

/** How closely the model is watched for changes. */
const lookEveryMs = 10;

const key = (namespace: Namespace, id: string): string => `${namespace}:${id}`;

const line = ({ endpoint, to, from, message }: ExpectedDelivery): string => JSON.stringify([endpoint, to, from, message]);

const showDeliveries = (deliveries: readonly ExpectedDelivery[]): string =>
  deliveries.length === 0 ? 'no delivery' : deliveries.map(({ message, namespace, to, endpoint }) => `${show(message)} to ${namespace} ${show(to)} at ${endpoint}`).join(', ');

/** Equal, but for rounding: means are computed in more than one way. */
function close(got: PartitionStats[keyof PartitionStats], want: PartitionStats[keyof PartitionStats]): boolean {
  const [some, others] = [[got].flat().map(Number), [want].flat().map(Number)];
  return some.length === others.length && some.every((one, i) => Math.abs(one - others[i]!) <= 1e-6 * Math.max(1, others[i]!));
}
