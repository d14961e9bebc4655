// What tsc does not do: the command must be executable, and the report's JSON Schema is published as a file.
import { chmodSync, existsSync, writeFileSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
const command = new URL('conformance/cli/main.js', dist);
if (existsSync(command)) chmodSync(command, 0o755);

const schema = new URL('conformance/report/schema.js', dist);
if (existsSync(schema)) {
  const { reportSchema } = await import(schema.href);
  writeFileSync(new URL('conformance/report/report.schema.json', dist), `${JSON.stringify(reportSchema, undefined, 2)}\n`);
}
