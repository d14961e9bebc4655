import { defineConfig } from 'vitest/config';

// No time limit of its own: what never ends is for Stryker to say, which counts it apart. The same random cases in every run, so that a survivor is one again.
export default defineConfig({ test: { include: ['{src,model,conformance}/**/*.test.ts'], setupFiles: ['proof/mutation/same-seed.ts'], testTimeout: 0, hookTimeout: 0 } });
