import { isDeepStrictEqual } from 'node:util';
import type { Delivery, Endpoint } from '../../spec/index.js';
import type { Operation } from '../../model/index.js';
import { showAnswer } from '../engine/answer.js';
import { Blocked, Violation } from '../engine/findings.js';
import { check, type Trial } from '../engine/trial.js';

/*
 * An endpoint is whatever has a `send` and a `signal`, however it was made, and each is itself: two that have one of these in common are two.
 */

type Receive = (delivery: Delivery) => void;

class Inheriting implements Endpoint {
  constructor(
    protected readonly receive: Receive,
    private readonly lifetime: AbortSignal,
  ) {}
  get signal(): AbortSignal {
    return this.lifetime;
  }
  // Adapters may pull `send` off its endpoint: it is the getter that knows whose it is.
  get send(): (delivery: Delivery) => void {
    return this.receive;
  }
}

/** What only it can read is read through `this`. */
class Keeping implements Endpoint {
  readonly #receive: Receive;
  constructor(
    receive: Receive,
    readonly signal: AbortSignal,
  ) {
    this.#receive = receive;
  }
  send(delivery: Delivery): void {
    this.#receive(delivery);
  }
}

const makes: Readonly<Record<string, (send: Receive, signal: AbortSignal) => Endpoint>> = {
  'an object literal': (send, signal) => ({ send, signal }),
  'an instance of a class that inherits what makes it one': (send, signal) => new Inheriting(send, signal),
  'an instance of a class whose send needs its this': (send, signal) => new Keeping(send, signal),
  'a frozen object': (send, signal) => Object.freeze({ send, signal }),
  'an object without a prototype': (send, signal) => Object.assign(Object.create(null) as object, { send, signal }),
  'an object with more than that': (send, signal) => ({ send, signal, id: 'x', endpoint: 'y', config: {}, name: 7 }),
  'an object whose send is asynchronous': (send, signal) => ({ send: async (delivery) => void (await Promise.resolve(), send(delivery)), signal }),
};

const kinds = [
  { register: 'registerServer', find: 'findServer', route: (id: string): Operation => ({ op: 'routeToServer', serverId: id, transportId: 'x', message: id }) },
  { register: 'registerTransport', find: 'findTransport', route: (id: string): Operation => ({ op: 'routeToTransport', transportId: id, serverId: 'x', message: id }) },
] as const;

type Kind = (typeof kinds)[number];

const offered = (t: Trial): readonly Kind[] => kinds.filter(({ register }) => register === 'registerServer' || t.offers('transports'));

async function register(t: Trial, { register }: Kind, id: string, endpoint: Endpoint, why: string): Promise<void> {
  t.accepted(await t.rig.call(register, id, endpoint), register, why);
}

/** The endpoint that a lookup gives, itself. */
const holder = async (t: Trial, { find }: Kind, id: string): Promise<unknown> => ((await t.rig.raw(find, id)) as { endpoint?: unknown } | null | undefined)?.endpoint;

const gives = (t: Trial, kind: Kind, id: string, endpoint: Endpoint | undefined, why: string): Promise<void> =>
  t.eventually(async () => {
    const found = await holder(t, kind, id);
    t.check(found === endpoint, `${kind.find}: ${why}`, endpoint === undefined ? 'nothing' : 'the endpoint that was registered', found === undefined ? 'nothing' : 'another endpoint');
  }, endpoint === undefined ? t.goneMs : t.stalenessMs);

/** An endpoint that has all from another, but a lifetime of its own. */
const madeFrom = (endpoint: Endpoint, signal: AbortSignal): Endpoint => Object.create(endpoint, { signal: { value: signal, enumerable: true } }) as Endpoint;

export const anyEndpointChecks = [
  check('REG-1', 'whatever has a send and a signal is an endpoint', 'a name found held by an endpoint of an unusual make', async (t) => {
    // The first is of the common make: if it goes wrong with that, the make is not the reason.
    const byMake = (what: string, expectation: () => Promise<void>): Promise<void> => (what === Object.keys(makes)[0] ? t.given(expectation()) : expectation());
    // Whoever is not registered may be refused as a sender.
    if (t.offers('transports')) await t.setup({ op: 'registerServer', id: 'x', endpoint: 'e1' }, { op: 'registerTransport', id: 'x', endpoint: 'e2' });
    for (const kind of offered(t)) {
      for (const [what, make] of Object.entries(makes)) {
        const [id, got, lifetime] = [t.id(), [] as string[], new AbortController()];
        const endpoint = make(({ to }) => void got.push(to), lifetime.signal);
        await register(t, kind, id, endpoint, `${what} is an endpoint`);
        await gives(t, kind, id, endpoint, `${what} was registered`);
        t.occurred();
        if (t.offers('routing') && t.offers('transports')) {
          const answer = await t.rig.perform(kind.route(id));
          for (let i = 0; i < 10 && got.length === 0; i++) await t.settled([], 1);
          await byMake(what, async () => {
            t.evidence++;
            if (got.length !== 1 || got[0] !== id) throw new Violation(`a message to ${what} was not delivered once`, 'one delivery', `${got.length}, answered ${showAnswer(answer)}`, what === Object.keys(makes)[0] ? undefined : 'RTE-1');
          });
        }
        if (!t.offers('liveness')) continue;
        lifetime.abort();
        await byMake(what, () => gives(t, kind, id, undefined, `${what} has gone down`));
      }
    }
  }, { needs: ['in-process'] }),

  check('LKP-1', 'a lookup gives the endpoint that was registered, not one that lives as long, or that it is made from', 'two names found held by endpoints that have something in common', async (t) => {
    for (const kind of offered(t)) {
      const first = t.rig.endpoint(`${kind.register} 1`);
      for (const [second, why] of [[first.twin(`${kind.register} 2`), 'with the same signal'], [madeFrom(first, new AbortController().signal), 'of which one is made from the other']] as const) {
        const [one, other, third] = t.ids(3) as [string, string, string];
        await register(t, kind, one, first, 'the endpoint is up');
        await t.given(register(t, kind, other, second, 'the endpoint is up'));
        await register(t, kind, third, first, 'the endpoint is up');
        await gives(t, kind, one, first, `endpoints ${why} are two`);
        await gives(t, kind, other, second, `endpoints ${why} are two`);
        t.occurred();
        await gives(t, kind, third, first, `it was registered, and so was another: endpoints ${why} are two`);
      }
    }
  }, { needs: ['in-process'] }),

  check('DWN-4', 'endpoints that have a send in common live and die alone', 'an endpoint that went down, whose send is that of others', async (t) => {
    for (const kind of offered(t)) {
      for (const make of [makes['an object literal']!, makes['an instance of a class that inherits what makes it one']!]) {
        const lifetimes = [new AbortController(), new AbortController(), new AbortController()];
        const send: Receive = () => undefined;
        const all = lifetimes.map(({ signal }) => ({ id: t.id(), endpoint: make(send, signal) }));
        for (const { id, endpoint } of all) await t.given(register(t, kind, id, endpoint, 'the endpoint is up'));
        for (const { id, endpoint } of all) await t.given(gives(t, kind, id, endpoint, 'it was registered'));
        lifetimes[1]!.abort();
        await t.occurs(gives(t, kind, all[1]!.id, undefined, 'its endpoint went down'));
        for (const { id, endpoint } of [all[0]!, all[2]!]) await gives(t, kind, id, endpoint, 'an endpoint with the same send went down');
      }
    }
  }, { needs: ['in-process'] }),

  check('DWN-4', 'an endpoint that is made from another lives and dies alone', 'an endpoint that went down, which another is made from, or which is made from another', async (t) => {
    for (const kind of offered(t)) {
      for (const dies of [0, 1] as const) {
        const lifetimes = [new AbortController(), new AbortController()] as const;
        const send: Receive = () => undefined;
        const first = { send, signal: lifetimes[0].signal };
        const second = madeFrom(first, lifetimes[1].signal);
        const all = [{ id: t.id(), endpoint: first }, { id: t.id(), endpoint: second }] as const;
        for (const { id, endpoint } of all) await t.given(register(t, kind, id, endpoint, 'the endpoint is up'));
        for (const { id, endpoint } of all) await t.given(gives(t, kind, id, endpoint, 'it was registered'));
        lifetimes[dies].abort();
        await t.occurs(gives(t, kind, all[dies].id, undefined, 'its endpoint went down'));
        const other = all[1 - dies]!;
        await gives(t, kind, other.id, other.endpoint, dies === 0 ? 'the endpoint that its own was made from went down' : 'an endpoint that was made from its own went down');
      }
    }
  }, { needs: ['in-process'] }),

  check('RTE-1', 'what a recipient does to its delivery is nothing to other recipients', 'a broadcast delivered to others than those that write into it', async (t) => {
    const s = t.id();
    await t.setup({ op: 'registerServer', id: s, endpoint: 'e1' });
    const spoiler = { send: spoil, signal: new AbortController().signal };
    const ids = t.ids(5);
    for (const [i, id] of ids.entries()) {
      if (i % 2 === 0) await register(t, kinds[1], id, spoiler, 'the endpoint is up');
      else await t.setup({ op: 'registerTransport', id, endpoint: `e${i + 2}` });
      await t.setup({ op: 'bindTransportToServer', transportId: id, serverId: s });
    }
    await t.setup({ op: 'broadcast', serverId: s, message: 'm' });
    const arrived = await t.arrivals(2);
    if (arrived.length !== 2) throw new Blocked(`a broadcast had to reach everybody first, and reached ${arrived.length} of 2`);
    for (const { namespace, to, from, message } of arrived) {
      t.occurred();
      t.check(![namespace, to, from, message].includes(spoiled), 'a recipient got what another had written into its delivery', 'what was sent', { namespace, to, from, message });
    }
  }, { needs: ['in-process', 'transports', 'routing', 'binding'] }),
  check('RTE-1', 'a delivery that a recipient keeps stays as it was when it was handed over', 'a delivery kept, and others handed over since', async (t) => {
    const [s, ...ids] = t.ids(4) as [string, ...string[]];
    const kept: { readonly delivery: Delivery; readonly handed: Delivery }[] = [];
    const keeper = (): Endpoint => ({ send: (delivery) => void kept.push({ delivery, handed: fieldsOf(delivery) }), signal: new AbortController().signal });
    await t.given(register(t, kinds[0], s, keeper(), 'the endpoint is up'));
    for (const id of ids) {
      await t.given(register(t, kinds[1], id, keeper(), 'the endpoint is up'));
      if (t.offers('binding')) await t.setup({ op: 'bindTransportToServer', transportId: id, serverId: s });
    }
    const routes = ids.flatMap((transportId): Operation[] => [{ op: 'routeToTransport', transportId, serverId: s, message: `to ${transportId}` }, { op: 'routeToServer', serverId: s, transportId, message: `from ${transportId}` }]);
    await t.setup(...(t.offers('binding') ? [{ op: 'broadcast', serverId: s, message: 'first' } as const] : []), ...routes, ...(t.offers('binding') ? [{ op: 'broadcast', serverId: s, message: 'last' } as const] : []));
    await t.arrivals(0);
    for (const { delivery, handed } of kept) t.check(isDeepStrictEqual(fieldsOf(delivery), handed), 'a delivery was changed after it had been handed over', handed, fieldsOf(delivery));
    t.occurred(kept.length > 1);
  }, { needs: ['in-process', 'transports', 'routing'] }),
];

const fieldsOf = ({ namespace, to, from, message }: Delivery): Delivery => ({ namespace, to, from, message });

const spoiled = 'spoiled';

/** Writes into every field of a delivery. */
function spoil(delivery: Delivery): void {
  for (const key of ['namespace', 'to', 'from', 'message'] as const) {
    try {
      (delivery as unknown as Record<string, unknown>)[key] = spoiled;
    } catch {
      // Frozen: as good as one of its own.
    }
  }
}
