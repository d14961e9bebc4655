// What tsc does not do: the command must be executable, and the JSON Schemas of reports are published as files.
import { chmodSync, existsSync, writeFileSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
const command = new URL('conformance/cli/main.js', dist);
if (existsSync(command)) chmodSync(command, 0o755);

const publish = async (module, name, file) => {
  const url = new URL(module, dist);
  if (!existsSync(url)) return;
  const { [name]: schema } = await import(url.href);
  writeFileSync(new URL(file, dist), `${JSON.stringify(schema, undefined, 2)}\n`);
};
await publish('conformance/report/schema.js', 'reportSchema', 'conformance/report/report.schema.json');
await publish('conformance/protocol/messages.js', 'protocolSchema', 'conformance/protocol/protocol.schema.json');
await publish('conformance/report/exploration.js', 'explorationSchema', 'conformance/report/exploration.schema.json');
