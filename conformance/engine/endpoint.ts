import { setMaxListeners } from 'node:events';
import type { Delivery, Endpoint } from '../../spec/index.js';
import { show } from './show.js';

/** A delivery that arrived, and where. */
export interface Arrival extends Delivery {
  readonly endpoint: string;
}

/** What an endpoint does when it is sent something: nothing, or harm. The name says which: `e1`, `throws1`, `rejects1`. */
export type Manner = 'quiet' | 'throws' | 'rejects';

const mannerOf = (name: string): Manner => (name.startsWith('throws') ? 'throws' : name.startsWith('rejects') ? 'rejects' : 'quiet');

/** Whether an endpoint fails when it is sent something. */
export const harms = (name: string): boolean => mannerOf(name) !== 'quiet';

/** What a failing endpoint throws, or rejects with. */
export class EndpointFailure extends Error {
  override readonly name = 'EndpointFailure';
  constructor(
    message: string,
    readonly mailbox: Mailbox,
  ) {
    super(message);
  }
}

/** Why endpoints go down: the same for all, since an error of its own for each takes longer than all the rest. */
const gone = Object.freeze(new DOMException('This operation was aborted', 'AbortError'));

/** An endpoint that keeps what it is sent, in a mailbox shared by all endpoints of one registry under test. */
export class TestEndpoint implements Endpoint {
  readonly signal: Endpoint['signal'];
  readonly manner: Manner;

  constructor(
    readonly name: string,
    private readonly mailbox: Mailbox,
    /** Its lifetime; endpoints may share one. */
    private readonly lifetime = new AbortController(),
  ) {
    this.signal = lifetime.signal;
    this.manner = mannerOf(name);
    // Adapters may pull `send` off its endpoint; it must still know whose it is.
    this.send = this.send.bind(this);
    // Too many listeners is a finding (CLS-4), not a warning in the middle of a report.
    setMaxListeners(0, this.signal);
  }

  send(delivery: Delivery): unknown {
    const reaction = this.mailbox.put(this.name, delivery);
    const gives = this.mailbox.gives.get(this.name);
    if (gives !== undefined) return gives();
    if (this.manner === 'throws') throw new EndpointFailure(`${this.name} always throws`, this.mailbox);
    if (this.manner === 'rejects') return Promise.reject(new EndpointFailure(`${this.name} always rejects`, this.mailbox));
    return reaction;
  }

  /** The endpoint goes down. */
  kill(): void {
    this.lifetime.abort(gone);
  }

  /** Another endpoint that lives as long as this one. */
  twin(name: string): TestEndpoint {
    return new TestEndpoint(name, this.mailbox, this.lifetime);
  }
}

/** Most deliveries kept between two looks: a registry that floods is cut off here, and found wrong. */
const capacity = 100_000;

/** Everything that the endpoints of one registry were sent, in order of arrival. */
export class Mailbox {
  readonly #arrivals: Arrival[] = [];
  /** The deliveries themselves, as recipients hold them: what is handed over is not to be changed afterwards. */
  readonly #held: Delivery[] = [];
  /** What the `send` of the named endpoint gives back. */
  readonly gives = new Map<string, () => unknown>();
  /** Called once, at the next delivery to the named endpoint; what it returns is returned by that `send`. */
  reaction: { readonly endpoint: string; readonly run: () => Promise<void> } | undefined;
  /** Told of every delivery that is kept; what it returns is returned by that `send`. */
  witness: ((arrival: Arrival) => Promise<void> | undefined) | undefined;
  /** A delivery that was not of the right shape. */
  malformed: string | undefined;
  /** How many rejections of a `send` nobody handled: in production each of them ends the process. */
  unhandled = 0;

  put(endpoint: string, delivery: unknown): Promise<void> | undefined {
    let answer: Promise<void> | undefined;
    if (!isDelivery(delivery)) {
      this.malformed ??= show(delivery);
    } else if (this.#arrivals.length < capacity) {
      const arrival = { endpoint, ...fieldsOf(delivery) };
      this.#arrivals.push(arrival);
      this.#held.push(delivery);
      answer = this.witness?.(arrival);
    }
    const { reaction } = this;
    if (reaction?.endpoint !== endpoint) return answer;
    this.reaction = undefined;
    return reaction.run();
  }

  get size(): number {
    return this.#arrivals.length;
  }

  /** Takes out everything that has arrived, as recipients see it who look only now. */
  take(): Arrival[] {
    const held = this.#held.splice(0);
    return this.#arrivals.splice(0).map((arrival, i) => (isDelivery(held[i]) ? { endpoint: arrival.endpoint, ...fieldsOf(held[i]) } : arrival));
  }
}

const fieldsOf = ({ namespace, to, from, message }: Delivery): Delivery => ({ namespace, to, from, message });

function isDelivery(value: unknown): value is Delivery {
  if (typeof value !== 'object' || value === null) return false;
  const { namespace, to, from } = value as Partial<Delivery>;
  return (namespace === 'server' || namespace === 'transport') && typeof to === 'string' && typeof from === 'string';
}
