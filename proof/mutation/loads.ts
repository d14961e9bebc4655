/// <reference types="vite/types/importMeta.d.ts" />
import { describe, expect, test } from 'vitest';

/*
 * A test file that fails to load has no tests, and Stryker (9.6.1) takes that for a change that no test notices. So
 * what is changed is loaded once more, within a test. Run by mutation testing alone; by a glob, because Stryker runs
 * only what it sees importing a changed file.
 */

const modules = import.meta.glob(['../../{src,model,model/machines,conformance/engine,conformance/linearizability}/*.ts', '!../../**/*.test.ts']);
const folders = process.env['MUTATION_FOLDERS']?.split(' ') ?? ['src'];

describe.each(folders)('%s', (folder) => {
  const own = Object.entries(modules).filter(([path]) => path.slice('../../'.length, path.lastIndexOf('/')) === folder);

  test('is among what is loaded here', () => expect(own).not.toEqual([]));
  test.each(own)('%s loads', async (_, load) => void (await load()));
});
