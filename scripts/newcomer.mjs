// Takes the steps of docs/getting-started.md in an empty folder, as they stand there, and says how long each takes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const page = readFileSync(join(root, 'docs/getting-started.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'newcomer-'));

const block = (name) => {
  const found = new RegExp(`<!-- newcomer: ${name} -->\n\`\`\`\\w+\n(.*?)\`\`\``, 's').exec(page)?.[1];
  if (found === undefined) throw new Error(`docs/getting-started.md has no ${name}`);
  return found;
};

/** Runs it, prints how long it took, and gives what it printed. */
function step(what, expected, command, ...args) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
  const seconds = (performance.now() - began) / 1_000;
  if (status !== expected) throw new Error(`${what}: exit code ${status}, not ${expected}\n${stdout}\n${stderr}`);
  console.log(`| ${what} | ${seconds.toFixed(1)} |`);
  return stdout;
}

const demand = (text, part) => {
  if (!text.includes(part.trimEnd())) throw new Error(`this was not printed:\n${part}\nbut this:\n${text}`);
};

// Ctrl-C ends the step, and with it this, when the folder has been removed.
process.on('SIGINT', () => undefined);
try {
  const packed = spawnSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8' }).stdout.trim().split('\n').at(-1);
  writeFileSync(join(folder, 'package.json'), '{ "name": "newcomer", "private": true }\n');
  const program = ['--command', 'python3 my-registry/my_registry.py'];
  const kit = (...args) => ['--no-install', 'sharded-registry', ...args];

  console.log('| step | seconds |\n|---|--:|');
  step('`npm install`', 0, 'npm', 'install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', `./${packed}`);
  step('`init`', 0, 'npx', ...kit('init', '--language', 'python', 'my-registry'));
  demand(step('`doctor`', 0, 'npx', ...kit('doctor', ...program)), '\nSound: ');
  step('`verify` of what `init` wrote', 0, 'npx', ...kit('verify', ...program));

  const file = join(folder, 'my-registry/my_registry.py');
  const begun = readFileSync(file, 'utf8');
  const own = begun.replace(/def valid\(.*?\n(?=# -{20,} the adapter)/s, () => `${block('registry')}\n\n`).replace(/^operations = \{.*?^\}\n/ms, () => block('operations'));
  writeFileSync(file, own);

  demand(step('`doctor` of your own', 0, 'npx', ...kit('doctor', ...program)), '\nSound: ');
  const verdict = step('`verify` of your own', 1, 'npx', ...kit('verify', ...program, '--seed', '1'));
  demand(verdict, block('verdict'));
  demand(verdict, block('counterexample'));
  step('`verify` that writes down what does not hold', 1, 'npx', ...kit('verify', ...program, '--write-expected-failures', 'expected-failures.yaml'));
  step('`verify` that expects it', 0, 'npx', ...kit('verify', ...program, '--expected-failures', 'expected-failures.yaml'));
} finally {
  rmSync(folder, { recursive: true });
}
