// Our registry; says when the run is well under way.
import { adapter as ours } from '../../../dist/conformance/adapters/sharded-registry.js';
let opened = 0;
export const adapter = {
  ...ours,
  open(options) {
    if (++opened === 150) console.log('started');
    return ours.open(options);
  },
};
