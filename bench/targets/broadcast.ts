import { broadcast, ShardedRegistry, type Delivery } from '../../src/index.js';
import type { Scenario } from '../run.js';
import { flat } from './wire.js';
import { uuids } from './ids.js';

/** Broadcasts in one call. */
const times = 10;

type Send = (delivery: Delivery) => void;

/** What has come last: a delivery that nobody can get at need never be made. */
const inbox: { last: Delivery | undefined } = { last: undefined };
export const lastReceived = (): Delivery | undefined => inbox.last;

const recipient = (): Send => (delivery) => {
  inbox.last = delivery;
};

/** A broadcast beside a loop over functions, which are given a delivery each. */
export async function broadcasts(what: string, recipients: number): Promise<Scenario> {
  const ids = flat(uuids(recipients));
  return {
    name: what,
    group: 'targets',
    at: recipients,
    batch: recipients * times,
    variants: {
      'bare loop': async () => {
        const sends = ids.map(recipient);
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
