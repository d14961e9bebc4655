#!/usr/bin/env bash
# Packs the package, installs it elsewhere, and uses it as a stranger would: types under node16 resolution, the registry
# without any dependency loaded, the command.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tarball=$(cd "$root" && npm pack --silent --ignore-scripts --pack-destination "$folder" | tail -n 1)
cd "$folder"
cat > package.json <<'JSON'
{ "name": "stranger", "private": true, "type": "module" }
JSON
npm install --silent --no-audit --no-fund --prefer-offline "./$tarball"

cat > use.ts <<'TS'
import { ShardedRegistry, type Endpoint, type Registration } from 'sharded-registry';
import { adapterFor, verify, type Adapter } from 'sharded-registry/conformance';
import { createModel } from 'sharded-registry/model';
import { explore, type Exploration } from 'sharded-registry/explore';
const registry = new ShardedRegistry({ partitions: 8 });
const endpoint: Endpoint = { send: () => undefined, signal: new AbortController().signal };
await registry.registerServer('a', endpoint, { v: 1 });
const server: Registration | undefined = registry.findServer('a');
export const adapter: Adapter = adapterFor('mine', (options) => new ShardedRegistry(options));
export const report = verify(adapter, { runs: 1 });
export const model = createModel({ partitions: 2 });
export const found: Promise<Exploration> = explore({ depth: 'protocol', size: { clients: 2 } });
console.log(server?.id);
TS
"$root/node_modules/.bin/tsc" --noEmit --strict --target es2022 --module node16 --moduleResolution node16 --typeRoots "$root/node_modules/@types" --types node use.ts
echo 'types: fine under node16 resolution'

# Whoever imports only the registry loads nothing of the kit, and no dependency.
mv node_modules/sharded-registry alone
mkdir -p empty/node_modules && mv alone empty/node_modules/sharded-registry
(cd empty && node --input-type=module -e "
  const { ShardedRegistry } = await import('sharded-registry');
  const registry = new ShardedRegistry();
  await registry.registerServer('a', { send() {}, signal: new AbortController().signal });
  if (registry.findServer('a')?.id !== 'a') throw new Error('not found');
  console.log('registry: loads and works with no dependency installed');
")
mv empty/node_modules/sharded-registry node_modules/sharded-registry

npx --no-install sharded-registry verify --runs 20 --seed 1 | tail -n 3
npx --no-install sharded-registry init --language js begun > /dev/null
npx --no-install sharded-registry verify ./begun/my-adapter.mjs --only REG,BND --runs 20 --seed 1 | tail -n 3
npx --no-install sharded-registry explore --clients 2 --depth protocol | tail -n 3
npx --no-install sharded-registry verify --only REG-1 --runs 5 --seed 1 --html report.html > /dev/null
grep -q 'Content-Security-Policy' report.html
echo 'HTML report: made by the package alone'
