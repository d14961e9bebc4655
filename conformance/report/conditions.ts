import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { Profile } from '../profile.js';
import type { Conditions } from './result.js';

/** Where this process runs, and with what. The package is asked for by its name, so that it is found from the sources as well. */
export function conditionsOf(profile: Profile | undefined): Conditions {
  const { version } = createRequire(import.meta.url)('sharded-registry/package.json') as { version: string };
  return { kit: version, node: process.version, platform: `${process.platform} ${process.arch}`, processors: availableParallelism(), ...(profile !== undefined && { profile }) };
}
