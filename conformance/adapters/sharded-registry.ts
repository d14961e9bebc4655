import { ShardedRegistry } from '../../src/index.js';
import { adapterFor } from './adapter-for.js';

/** The registry of this package: what `verify` judges when it is given no module. */
export const adapter = adapterFor('sharded-registry', (options) => new ShardedRegistry(options));
