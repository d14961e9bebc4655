// Our registry, in which a bind is never answered.
import { adapter as ours } from '../../../dist/conformance/adapters/sharded-registry.js';
export const adapter = {
  ...ours,
  name: 'bind hangs',
  open(options) {
    const registry = ours.open(options);
    return new Proxy(registry, { get: (target, key) => (key === 'bindTransportToServer' ? () => new Promise(() => {}) : Reflect.get(target, key)) });
  },
};
