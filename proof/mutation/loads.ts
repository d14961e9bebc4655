import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'vitest';

/*
 * A test file that fails to load has no tests, and Stryker (9.6.1) takes that for a change that no test notices. So
 * what is changed is loaded once more, within a test. Run by mutation testing alone.
 */

const folders = process.env['MUTATION_FOLDERS']?.split(' ') ?? ['src'];
const modules = folders.flatMap((folder) => readdirSync(folder).filter((name) => /(?<!\.test)\.ts$/.test(name)).map((name) => `${folder}/${name}`));

test.each(modules)('%s loads', async (module) => void (await import(resolve(module))));
