import { z } from 'zod';
import { features, requirements, type Feature } from '../spec/index.js';

export const feature = z.enum(Object.keys(features) as [Feature, ...Feature[]]);

/** What an adapter says of itself, as data: the same whether it is a module or a program. */
export const claims = z.object({
  name: z.string().min(1).max(200),
  version: z.string().max(100).optional(),
  consistency: z.union([z.object({ level: z.literal('linearizable') }), z.object({ level: z.literal('eventual'), stalenessMs: z.number().nonnegative().max(60_000) })]).optional(),
  features: z.array(feature).optional(),
  without: z.array(feature).optional(),
  sla: z.partialRecord(z.enum(requirements.filter(({ sla }) => sla !== undefined).map(({ id }) => id)), z.number().positive()).optional(),
});
