import type { Config, Json } from '../spec/index.js';

const copyJson = (value: Json): Json => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze((value as readonly Json[]).map(copyJson));
  return copyConfig(value as Config);
};

/** A frozen copy: whatever is done to the original, or tried with the copy, the registry's configuration stays (CFG-1). */
export const copyConfig = (config: Config = {}): Config =>
  Object.freeze(Object.fromEntries(Object.entries(config).map(([key, value]) => [key, copyJson(value)])));
