import { broadcast, ShardedRegistry, type Delivery } from '../../src/index.js';
import type { Scenario } from '../run.js';
import { flat } from './wire.js';
import { uuids } from './ids.js';

/** Broadcasts in one call. */
const times = 10;

/** Makes a recipient. Who is measured has recipients of one kind only: V8 takes the code of one into the loop. */
export type Recipient = () => (delivery: Delivery) => void;

let received = 0;
const inbox: { last: Delivery | undefined } = { last: undefined };
export const receivedSoFar = (): { readonly received: number; readonly last: Delivery | undefined } => ({ received, ...inbox });

/** Looks at nothing, so V8 may leave the delivery unmade. */
export const counting: Recipient = () => () => void received++;

/** Keeps one in a thousand, so each has to be made. To keep them all would measure how V8 remembers what it must not collect. */
export const keeping: Recipient = () => (delivery) => {
  if ((received++ & 1_023) === 0) inbox.last = delivery;
};

/** A broadcast beside a loop over functions, which are given a delivery each. */
export async function broadcasts(what: string, recipients: number, recipient: Recipient): Promise<Scenario> {
  const ids = flat(uuids(recipients));
  return {
    name: what,
    group: 'targets',
    at: recipients,
    batch: recipients * times,
    variants: {
      'bare loop': async () => {
        const sends = ids.map(() => recipient());
        return {
          run: () => {
            for (let k = 0; k < times; k++) for (let i = 0; i < sends.length; i++) sends[i]!({ namespace: 'transport', to: ids[i]!, from: 's', message: 'm' });
          },
        };
      },
      'ShardedRegistry': async () => {
        const registry = new ShardedRegistry();
        const { signal } = new AbortController();
        await registry.registerServer('s', { send: () => undefined, signal });
        for (const id of ids) await registry.registerTransport(id, { send: recipient(), signal }, { serverId: 's' });
        return {
          run: () => {
            for (let k = 0; k < times; k++) registry.routeToTransport(broadcast, 's', 'm');
          },
        };
      },
    },
  };
}
