import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{spec,src,model,conformance,bench}/**/*.test.ts'],
    testTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'model/**/*.ts', 'conformance/**/*.ts', 'spec/**/*.ts'],
      exclude: ['**/*.test.ts', '**/testing/**', '**/index.ts'],
      reporter: ['text-summary', 'text', 'json-summary'],
      thresholds: { lines: 90, branches: 90 },
    },
  },
});
