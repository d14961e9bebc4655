import { z } from 'zod';
import { report } from './result.js';

/** The JSON Schema of a report, published as `sharded-registry/conformance/report.schema.json`. Properties it does not know of yet it allows. */
export const reportSchema: Record<string, unknown> = {
  title: 'The verdict of sharded-registry verify',
  ...z.toJSONSchema(report, { io: 'input' }),
};
