import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { claims } from './claims.js';
import { AdapterError, type Adapter } from './contract.js';
import { show } from './engine/show.js';

const adapterShape = claims.extend({
  open: z.custom<Adapter['open']>((value) => typeof value === 'function', 'must be a function'),
  connect: z.custom<Adapter['connect']>((value) => typeof value === 'function', 'must be a function').optional(),
});

/** Checks that a value is an adapter; throws {@link AdapterError} with the reason when it is not. */
export function asAdapter(value: unknown, where: string): Adapter {
  const parsed = adapterShape.safeParse(value);
  if (parsed.success) return value as Adapter;
  const issue = parsed.error.issues[0]!;
  throw new AdapterError(`${where} is not an adapter: ${issue.path.length > 0 ? `\`${issue.path.join('.')}\`: ` : ''}${issue.message}`);
}

/** Loads the adapter that a module exports; without a module, that of the registry of this package. */
export async function loadAdapter(file: string | undefined): Promise<Adapter> {
  if (file === undefined) return (await import('./adapters/sharded-registry.js')).adapter;
  let module: { adapter?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { adapter?: unknown };
  } catch (error) {
    throw new AdapterError(`cannot load ${file}: ${show(error)}`);
  }
  if (module.adapter === undefined) throw new AdapterError(`${file} has no export named \`adapter\``);
  return asAdapter(module.adapter, `the export \`adapter\` of ${file}`);
}
