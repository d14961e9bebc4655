import type { Registry, RequirementId } from '../../spec/index.js';
import type { RegistryOptions } from '../../src/index.js';
import { adapterFor } from '../adapters/adapter-for.js';
import type { OpenOptions } from '../contract.js';
import type { Mutant } from './mutant.js';
import { broken, type ThirdRegistry } from './third-registry.js';

/** A variant of the registry that is written from the text alone, wrong in one thing. */
export const wrong = (id: string, breaks: readonly RequirementId[], how: string, Kind: new (options: OpenOptions) => ThirdRegistry): Mutant => ({
  ...broken(id, breaks, how, Kind),
  id: `fourth-${id}`,
});

/** A variant of `ShardedRegistry`, as somebody would write it who uses it, wrong in one thing. */
export const wronglyUsed = (id: string, breaks: readonly RequirementId[], how: string, create: (options: RegistryOptions) => Registry): Mutant => ({
  id: `fourth-${id}`,
  breaks,
  how,
  adapter: adapterFor(how, create),
});
