// Our registry, in which a bind blocks the event loop for ever.
import { adapter as ours } from '../../../dist/conformance/adapters/sharded-registry.js';
export const adapter = {
  ...ours,
  name: 'bind blocks',
  open(options) {
    const registry = ours.open(options);
    return new Proxy(registry, { get: (target, key) => (key === 'bindTransportToServer' ? () => { for (;;); } : Reflect.get(target, key)) });
  },
};
