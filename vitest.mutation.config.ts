import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Of the part that is put to the test: see proof/mutation/main.ts.
    include: [...(process.env['MUTATION_TESTS']?.split(' ') ?? ['src/!(package).test.ts']), 'proof/mutation/loads.ts'],
    // The same random cases in every run, so that what survives once does so again.
    setupFiles: ['proof/mutation/same-seed.ts'],
    // No time limit of its own: what never ends is for Stryker to say, which counts it apart.
    testTimeout: 0,
    hookTimeout: 0,
  },
});
