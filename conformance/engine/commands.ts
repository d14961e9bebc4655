import fc from 'fast-check';
import type { Operation } from '../../model/index.js';
import { Violation } from './findings.js';
import type { Oracle } from './oracle.js';
import { reacts } from './reaction.js';
import { showOperation } from './show.js';
import type { Config } from '../../spec/index.js';

/** What commands see of a run before they are run: the oracle, which holds the model's state. */
export interface Cell {
  readonly oracle: Oracle;
}

/** One or more steps, as a command of fast-check's model runs; which they are may depend on what is registered by then. */
export class StepCommand implements fc.AsyncCommand<Cell, Oracle> {
  constructor(private readonly operations: readonly Operation[] | ((oracle: Oracle) => readonly Operation[])) {}

  /** Whether there is anything to do, and the specification says what must come of it. */
  check({ oracle }: Readonly<Cell>): boolean {
    if (oracle.spoiled) return false;
    const [first] = this.#steps(oracle);
    if (first === undefined) return false;
    const { deliveries } = oracle.model.step(oracle.state, first);
    return deliveries.filter(({ endpoint }) => reacts(endpoint)).length < 2;
  }

  async run(_: Cell, oracle: Oracle): Promise<void> {
    try {
      await this.perform(oracle);
    } catch (error) {
      if (!(error instanceof Violation) || !oracle.excuses(error)) throw error;
      oracle.spoiled = true;
    }
  }

  protected async perform(oracle: Oracle): Promise<void> {
    for (const operation of this.#steps(oracle)) await oracle.step(operation);
  }

  #steps(oracle: Oracle): readonly Operation[] {
    return typeof this.operations === 'function' ? this.operations(oracle) : this.operations;
  }

  toString(): string {
    return typeof this.operations === 'function' ? 'something with what is registered' : this.operations.map(showOperation).join('; ');
  }
}

const command = (operation: fc.Arbitrary<Operation>): fc.Arbitrary<StepCommand> => operation.map((one) => new StepCommand([one]));

/** Operations that an adapter lacks are left out. */
export interface Vocabulary {
  readonly transports: boolean;
  readonly configs: boolean;
  readonly liveness: boolean;
  readonly update: boolean;
  readonly binding: boolean;
  readonly routing: boolean;
  readonly override: boolean;
  readonly lists: boolean;
  readonly inProcess: boolean;
  /** Whether it hears that a `send` fails, and that it is not over yet. */
  readonly failures: boolean;
  readonly awaited: boolean;
}

/** Endpoints of every manner that the registry hears of. */
const anyEndpoint = ({ failures, awaited, binding }: Vocabulary): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('e1', 'e2', 'e3') },
    ...(failures ? [{ weight: 2, arbitrary: fc.constantFrom('throws1', 'rejects1') }] : []),
    ...(awaited ? [{ weight: 2, arbitrary: fc.constantFrom('leaves1', ...(binding ? ['unbinds1', 'rebroadcasts1'] : [])) }] : []),
  );

/** So few that each holds several names, at both ends of bindings. */
const fewEndpoints = ({ failures, awaited }: Vocabulary): fc.Arbitrary<string> => {
  const odd = [...(failures ? ['throws1'] : []), ...(awaited ? ['leaves1'] : [])];
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom('e1', 'e2') }, ...(odd.length > 0 ? [{ weight: 1, arbitrary: fc.constantFrom(...odd) }] : []));
};

/** Configurations that have much in common. */
const configs: readonly Config[] = [{ v: 1 }, { v: { deep: ['x', null] } }, { v: { deep: ['y', null] } }, { v: 1, u: 1 }, {}];

/**
 * What happens to names that live long: they are bound, updated, moved, ended by either end and begun anew, and what is left is looked at
 * by broadcasts. All with what is there, of endpoints that hold several names each; one that has gone down has a successor.
 */
export function companionCommands(ids: readonly string[], offered: Vocabulary): fc.Arbitrary<StepCommand>[] {
  const nat = fc.nat({ max: 23 });
  const few = fewEndpoints(offered);
  const config = offered.configs ? fc.constantFrom<Config | undefined>(undefined, ...configs) : fc.constant(undefined);
  const commands: fc.Arbitrary<StepCommand>[] = [];
  const add = (times: number, command: fc.Arbitrary<StepCommand>): void => void commands.push(...Array.from({ length: times }, () => command));
  const some = <T>(from: readonly T[], at: number): T | undefined => from[at % Math.max(1, from.length)];
  const namespaces = offered.transports ? (['server', 'transport', 'transport'] as const) : (['server'] as const);

  /** The endpoint of this name, or who came after it. */
  const up = (oracle: Oracle, name: string): string => {
    const isDown = (endpoint: string): boolean => {
      const { outcome } = oracle.model.step(oracle.state, { op: 'registerServer', id: 'whoever', endpoint });
      return outcome.kind === 'refused' && outcome.codes.includes('endpoint_down');
    };
    let last = name;
    while (isDown(last)) last += '+';
    return last;
  };
  const begin = (oracle: Oracle, namespace: 'server' | 'transport', id: string, endpoint: string, config: Config | undefined, at: number): Operation => {
    const serverId = some(oracle.registered('server'), at);
    const binds = namespace === 'transport' && offered.configs && offered.binding && serverId !== undefined && at % 3 === 0;
    return { op: namespace === 'server' ? 'registerServer' : 'registerTransport', id, endpoint, config: binds ? { ...config, serverId } : config };
  };
  const end = (namespace: 'server' | 'transport', id: string): Operation => ({ op: namespace === 'server' ? 'unregisterServer' : 'unregisterTransport', id });
  const holderOf = (oracle: Oracle, namespace: 'server' | 'transport', id: string): string | undefined => {
    const { outcome } = oracle.model.step(oracle.state, { op: namespace === 'server' ? 'findServer' : 'findTransport', id });
    return outcome.kind === 'done' ? (outcome.value as { endpoint: string } | undefined)?.endpoint : undefined;
  };

  add(4, fc.tuple(fc.constantFrom(...namespaces), nat, few, config).map(([namespace, at, endpoint, config]) => new StepCommand((oracle) => {
    const free = some(ids.filter((id) => !oracle.registered(namespace).includes(id)), at);
    return free === undefined ? [] : [begin(oracle, namespace, free, up(oracle, endpoint), config, at)];
  })));
  // Whoever is refused leaves things as they are.
  add(1, fc.tuple(fc.constantFrom(...namespaces), nat, few, config).map(([namespace, at, endpoint, config]) => new StepCommand((oracle) => {
    const taken = some(oracle.registered(namespace), at);
    return taken === undefined ? [] : [begin(oracle, namespace, taken, up(oracle, endpoint), config, at)];
  })));
  add(1, fc.tuple(fc.constantFrom(...namespaces), nat).map(([namespace, at]) => new StepCommand((oracle) => {
    const taken = some(oracle.registered(namespace), at);
    return taken === undefined ? [] : [end(namespace, taken)];
  })));
  // Ended, and begun anew: which end it was, and who begins, makes the difference.
  add(3, fc.tuple(fc.constantFrom(...namespaces), nat, few, config, fc.boolean()).map(([namespace, at, endpoint, config, isDown]) => new StepCommand((oracle) => {
    const taken = some(oracle.registered(namespace), at);
    const holder = taken === undefined ? undefined : holderOf(oracle, namespace, taken);
    if (taken === undefined || holder === undefined) return [];
    const goes = isDown && offered.liveness;
    const next = up(oracle, endpoint);
    return [goes ? { op: 'down', endpoint: holder } : end(namespace, taken), begin(oracle, namespace, taken, goes && next === holder ? `${next}+` : next, config, at)];
  })));
  if (offered.liveness) {
    add(1, fc.tuple(fc.constantFrom(...namespaces), nat).map(([namespace, at]) => new StepCommand((oracle) => {
      const taken = some(oracle.registered(namespace), at);
      const endpoint = taken === undefined ? undefined : holderOf(oracle, namespace, taken);
      return endpoint === undefined ? [] : [{ op: 'down', endpoint }];
    })));
  }
  if (offered.configs && offered.update) {
    add(2, fc.tuple(nat, fc.constantFrom(...configs)).map(([at, config]) => new StepCommand((oracle) => {
      const id = some(oracle.registered('server'), at);
      return id === undefined ? [] : [{ op: 'updateServer', id, config }];
    })));
  }
  if (offered.binding) {
    add(4, fc.tuple(nat, nat).map(([at, to]) => new StepCommand((oracle) => {
      const [transportId, serverId] = [some(oracle.registered('transport'), at), some(oracle.registered('server'), to)];
      return transportId === undefined || serverId === undefined ? [] : [{ op: 'bindTransportToServer', transportId, serverId }];
    })));
    add(1, nat.map((at) => new StepCommand((oracle) => {
      const transportId = some(oracle.registered('transport'), at);
      return transportId === undefined ? [] : [{ op: 'unbindTransport', transportId }];
    })));
  }
  return commands;
}

/**
 * The same, with messages in between, reads, and what is refused: at which nobody looks meanwhile but who is told to.
 */
export function unwatchedCommands(ids: readonly string[], offered: Vocabulary): fc.Arbitrary<StepCommand>[] {
  const id = fc.constantFrom(...ids);
  const commands = companionCommands(ids, offered);
  const add = (times: number, operation: fc.Arbitrary<Operation>): void => void commands.push(...Array.from({ length: times }, () => command(operation)));
  let sent = 0;
  const message = fc.constant(undefined).map(() => `m${++sent}`);
  add(1, fc.record({ op: fc.constant('findServer' as const), id }));
  add(1, fc.record({ op: fc.constant('unregisterServer' as const), id }));
  add(1, fc.record({ op: fc.constant('registerServer' as const), id, endpoint: fewEndpoints(offered) }));
  if (offered.configs && offered.update) add(1, fc.record({ op: fc.constant('updateServer' as const), id, config: fc.constantFrom(...configs) }));
  if (!offered.transports) return commands;
  add(1, fc.record({ op: fc.constant('findTransport' as const), id }));
  add(1, fc.record({ op: fc.constant('unregisterTransport' as const), id }));
  if (offered.routing) {
    add(1, fc.record({ op: fc.constant('routeToServer' as const), serverId: id, transportId: id, message }));
    add(1, fc.record({ op: fc.constant('routeToTransport' as const), transportId: id, serverId: id, message }));
  }
  if (!offered.binding) return commands;
  add(1, fc.record({ op: fc.constant('getServerForTransport' as const), transportId: id }));
  add(2, fc.record({ op: fc.constant('bindTransportToServer' as const), transportId: id, serverId: id }));
  if (offered.routing) add(4, fc.record({ op: fc.constant('broadcast' as const), serverId: id, message }));
  return commands;
}

/** Commands for every operation on names and bindings, over ids and endpoints so few that they meet. */
export function nameCommands(ids: readonly string[], offered: Vocabulary): fc.Arbitrary<StepCommand>[] {
  const id = fc.constantFrom(...ids);
  const endpoint = anyEndpoint(offered);
  const plain = fc.constantFrom<Config | undefined>(undefined, { v: 1 }, { v: { deep: ['x', null] } });
  const config = offered.configs ? plain : fc.constant(undefined);
  const transportConfig = offered.configs && offered.binding ? fc.oneof(config, fc.record({ serverId: id })) : config;
  let sent = 0;
  const message = fc.constant(undefined).map(() => `m${++sent}`);

  const registerServer: fc.Arbitrary<Operation> = fc.record({ op: fc.constant('registerServer' as const), id, endpoint, config });
  const registerTransport: fc.Arbitrary<Operation> = fc.record({ op: fc.constant('registerTransport' as const), id, endpoint, config: transportConfig });
  const commands = [
    command(registerServer),
    command(registerServer),
    command(fc.record({ op: fc.constant('unregisterServer' as const), id })),
    command(fc.record({ op: fc.constant('findServer' as const), id })),
  ];
  const when = (offer: boolean, ...more: fc.Arbitrary<Operation>[]): void => {
    if (offer) commands.push(...more.map(command));
  };
  when(offered.transports, registerTransport, registerTransport, fc.record({ op: fc.constant('unregisterTransport' as const), id }));
  when(offered.liveness, fc.record({ op: fc.constant('down' as const), endpoint }));
  when(offered.configs && offered.update, fc.record({ op: fc.constant('updateServer' as const), id, config: fc.constantFrom<Config>({ u: 1 }, {}) }));
  when(
    offered.binding,
    fc.record({ op: fc.constant('bindTransportToServer' as const), transportId: id, serverId: id }),
    fc.record({ op: fc.constant('bindTransportToServer' as const), transportId: id, serverId: id }),
    fc.record({ op: fc.constant('unbindTransport' as const), transportId: id }),
  );
  when(
    offered.routing && offered.transports,
    fc.record({ op: fc.constant('routeToServer' as const), serverId: id, transportId: id, message }),
    fc.record({ op: fc.constant('routeToTransport' as const), transportId: id, serverId: id, message }),
  );
  when(offered.routing && offered.binding, fc.record({ op: fc.constant('broadcast' as const), serverId: id, message }));
  when(offered.override, fc.record({ op: fc.constant('setAdmission' as const), mode: fc.constantFrom('auto' as const, 'open' as const, 'auto' as const, 'closed' as const) }));

  // With what is there: by chance alone both ends of a bind are seldom registered, and names seldom live to be moved twice.
  const some = (from: readonly string[], at: number): string | undefined => from[at % from.length];
  const nat = fc.nat({ max: 11 });
  commands.push(
    fc.tuple(nat, endpoint, config).map(([at, endpoint, config]) => {
      return new StepCommand((oracle) => {
        const free = some(ids.filter((one) => !oracle.registered('server').includes(one)), at);
        return free === undefined ? [] : [{ op: 'registerServer', id: free, endpoint, config }];
      });
    }),
  );
  if (!offered.transports) return commands;
  commands.push(
    fc.tuple(nat, endpoint, transportConfig).map(([at, endpoint, config]) => {
      return new StepCommand((oracle) => {
        const free = some(ids.filter((one) => !oracle.registered('transport').includes(one)), at);
        return free === undefined ? [] : [{ op: 'registerTransport', id: free, endpoint, config }];
      });
    }),
  );
  if (!offered.binding) return commands;
  const bindSome = fc.tuple(nat, nat).map(([at, to]) => {
    return new StepCommand((oracle) => {
      const [transportId, serverId] = [some(oracle.registered('transport'), at), some(oracle.registered('server'), to)];
      return transportId === undefined || serverId === undefined ? [] : [{ op: 'bindTransportToServer', transportId, serverId }];
    });
  });
  commands.push(bindSome, bindSome, bindSome);
  return commands;
}

/** Commands that make partitions slow, let time pass, look, and try to register. The ids are registered already. */
export function contentionCommands(ids: readonly string[], offered: Vocabulary): fc.Arbitrary<StepCommand>[] {
  const id = fc.constantFrom(...ids);
  // Updates: writes that admission control never refuses, so that they do not depend on when an alarm shows.
  const write = (one: string, takes: number): Operation => ({ op: 'updateServer', id: one, config: {}, takes });
  const commands = [
    fc.tuple(id, fc.constantFrom(0, 1, 50, 99, 100, 101, 250, 400)).map(([one, takes]) => new StepCommand([write(one, takes)])),
    // Enough writes for the alarm, in one go: a sequence would rarely come to them by itself.
    fc.tuple(id, fc.constantFrom(99, 101, 150)).map(([one, takes]) => new StepCommand(Array.from({ length: 10 }, () => write(one, takes)))),
    // Two partitions in turn, with samples that outlast each other.
    fc.tuple(id, id, fc.constantFrom(60, 150)).map(([one, other, takes]) => new StepCommand(Array.from({ length: 20 }, (_, i) => write(i % 2 === 0 ? one : other, takes)))),
    command(fc.record({ op: fc.constant('advance' as const), ms: fc.constantFrom(1, 10, 99, 100, 300, 1000) })),
    id.map((one) => new LookCommand(`${one}+`)),
    id.map((one) => new LookCommand(`${one}+`)),
    command(fc.constant<Operation>({ op: 'resetStats' })),
  ];
  if (offered.override) commands.push(command(fc.record({ op: fc.constant('setAdmission' as const), mode: fc.constantFrom('auto' as const, 'auto' as const, 'open' as const, 'closed' as const) })));
  return commands;
}

/** Looks at everything about contention, and tries whether a registration is admitted. */
class LookCommand extends StepCommand {
  constructor(private readonly free: string) {
    super([{ op: 'advance', ms: 0 }]);
  }

  protected override async perform(oracle: Oracle): Promise<void> {
    if (!(await oracle.look())) return;
    await oracle.step({ op: 'registerServer', id: this.free, endpoint: 'e1' });
    // Whether giving up what is not registered counts as a write is left open.
    const { outcome } = oracle.model.step(oracle.state, { op: 'findServer', id: this.free });
    if (outcome.kind === 'done' && outcome.value !== undefined) await oracle.step({ op: 'unregisterServer', id: this.free });
  }

  override toString(): string {
    return 'look';
  }
}
