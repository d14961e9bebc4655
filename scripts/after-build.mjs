// What tsc does not do: the command must be executable, the JSON Schemas of reports are published as files, and the script of the
// HTML report is one file.
import { buildSync } from 'esbuild';
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

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

const sources = new URL('../conformance/report/page/', import.meta.url);
const page = new URL('conformance/report/page/', dist);
mkdirSync(page, { recursive: true });
buildSync({
  entryPoints: [fileURLToPath(new URL('page.ts', sources))],
  outfile: fileURLToPath(new URL('page.bundle.js', page)),
  bundle: true,
  format: 'iife',
  target: 'es2022',
  charset: 'ascii',
  legalComments: 'none',
  minify: true,
});
copyFileSync(new URL('page.css', sources), new URL('page.css', page));
