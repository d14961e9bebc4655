import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));
const sources = readdirSync(here).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

test('src imports nothing but itself and single files of spec', () => {
  for (const name of sources) {
    const imported = ts.preProcessFile(readFileSync(here + name, 'utf8')).importedFiles.map(({ fileName }) => fileName);
    for (const specifier of imported) expect(specifier, name).toMatch(/^(\.\/[a-z-]+|\.\.\/spec\/(interface|errors|defaults))\.js$/);
  }
});

test('loading it loads no package, and makes nothing run', () => {
  // In a process of its own, transpiled in memory by a loader that notes every specifier that is not relative.
  const script = `
    const { readFileSync } = require('node:fs'), { dirname, resolve } = require('node:path'), ts = require('typescript');
    const loaded = new Map(), foreign = [];
    const load = (file) => {
      if (loaded.has(file)) return loaded.get(file);
      const exports = {}; loaded.set(file, exports);
      const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions: { module: 'commonjs', target: 'es2022' } });
      new Function('exports', 'require', outputText)(exports, (name) => {
        if (!name.startsWith('.')) { foreign.push(name); return {}; }
        return load(resolve(dirname(file), name.replace(/\\.js$/, '.ts')));
      });
      return exports;
    };
    const before = process.getActiveResourcesInfo().length;
    const { ShardedRegistry } = load(${JSON.stringify(`${here}index.ts`)});
    new ShardedRegistry().registerServer('s', { send() {}, signal: new AbortController().signal });
    console.log(JSON.stringify({ foreign, running: process.getActiveResourcesInfo().length - before, files: loaded.size }));
  `;
  const { foreign, running, files } = JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: here, encoding: 'utf8' })) as { foreign: string[]; running: number; files: number };
  expect(foreign).toEqual([]);
  expect(running).toBe(0);
  expect(files).toBeLessThanOrEqual(sources.length + 2);
});
