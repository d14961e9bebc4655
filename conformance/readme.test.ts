import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { explore, variants } from '../model/explore/index.js';
import { adapter as ours } from './adapters/sharded-registry.js';
import { loadAdapter } from './load-adapter.js';
import { renderConsole } from './report/console.js';
import { renderExploration } from './report/exploration-console.js';
import { verify } from './verify.js';

// What the README shows is run here as it stands there: a sentence that has become untrue fails.

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

function example(name: string): string {
  const found = new RegExp(`<!-- example: ${name} -->\n\`\`\`\\w+\n(.*?)\`\`\``, 's').exec(readme)?.[1];
  if (found === undefined) throw new Error(`the README has no example ${name}`);
  return found;
}

it('judges the adapter of the README as the README shows', async () => {
  const file = join(folder, 'my-adapter.mjs');
  writeFileSync(file, example('adapter'));
  const report = await verify(await loadAdapter(file), { seed: 1, runs: 50, adapterArgument: './my-adapter.js' });
  expect(report.verdict).toBe('not conformant');
  expect(renderConsole(report, { colour: false, chapters: () => '' })).toContain(example('verdict').trimEnd());
});

it('runs the code that shows how to use the registry', () => {
  const root = new URL('..', import.meta.url);
  const checked = `${example('usage')}\nif (registry.findServer === undefined) throw new Error();`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', checked], { cwd: root, encoding: 'utf8' });
  expect(printed).toBe('stdio-1: hello\nto everybody bound\n');
});

it('names only commands that exist', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> };
  const named = [...readme.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

it('shows the counterexample that explore finds', async () => {
  const variant = variants.find(({ id }) => id === 'single-queue')!;
  expect(renderExploration(await explore({ depth: 'protocol', variant }), { colour: false })).toContain(example('counterexample').trimEnd());
});

it('counts the transitions that a registry is walked through', async () => {
  const { model } = await verify(ours, { only: ['MODEL-1'] });
  // That all are covered, if there is time, is tested beside the walk.
  expect(readme).toContain(`${model!.transitions.reachable.toLocaleString('en')} of them`);
});

it.each([
  ['--depth protocol --clients 2', { depth: 'protocol', size: { clients: 2 } }],
  ['--depth sequential --servers 1 --transports 1', { depth: 'sequential', size: { servers: 1, transports: 1 } }],
] as const)('tables the states that explore %s reaches', async (command, options) => {
  const page = readFileSync(new URL('../docs/exploration.md', import.meta.url), 'utf8');
  const { states, transitions, diameter } = await explore(options);
  expect(page).toContain(`| \`${command}\` | ${states.toLocaleString('en')} | ${transitions.toLocaleString('en')} | ${diameter} |`);
});
