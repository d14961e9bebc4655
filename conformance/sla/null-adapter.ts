import type { Endpoint } from '../../spec/index.js';
import type { Adapter, Subject } from '../contract.js';

/** An endpoint that takes whatever it is sent. */
export const endpoint = (signal: AbortSignal = new AbortController().signal): Endpoint => ({ send: () => undefined, signal });

/**
 * A registry that does nothing: it answers as if everything were there. What a load measures with it, the generator and the machine have
 * done. For a registry that is reached through a protocol, the null run is this one behind the same protocol.
 */
export const nullAdapter: Adapter = {
  name: 'nothing',
  open(): Subject {
    const one = endpoint();
    const found = { endpoint: one, config: {} };
    const done = (): undefined => undefined;
    return {
      registerServer: done, unregisterServer: done, registerTransport: done, unregisterTransport: done, bindTransportToServer: done,
      findServer: (id) => ({ ...found, id }),
      findTransport: (id) => ({ ...found, id }),
      routeToTransport: () => 0,
      close: () => Promise.resolve(),
    };
  },
};

/** As a module has it that is loaded in a thread of its own. */
export { nullAdapter as adapter };
