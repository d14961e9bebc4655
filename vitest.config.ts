import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{spec,src,model,conformance,bench,proof}/**/*.test.ts'],
    testTimeout: 300_000,
    // One less, by default: half of two.
    maxWorkers: availableParallelism(),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'model/**/*.ts', 'conformance/**/*.ts', 'spec/**/*.ts'],
      // What is in page/ runs in a browser: html.test.ts runs it. The last thirteen run in processes and threads of their own: cli.test.ts, load.test.ts, sla.test.ts and bench.test.ts run them for real, unseen by this one.
      exclude: ['**/*.test.ts', '**/testing/**', '**/index.ts', 'conformance/report/page/**', 'conformance/cli/main.ts', 'conformance/cli/worker.ts', 'conformance/load/worker.ts', 'conformance/sla/memory-child.ts', 'conformance/gate/worker.ts', 'conformance/gate/counters.ts', 'conformance/cli/bench-command.ts', 'conformance/cli/gate-command-line.ts', 'conformance/cli/doctor-command.ts', 'conformance/cli/doctor-worker.ts', 'conformance/protocol/thread.ts', 'conformance/protocol/serve-thread.ts', 'conformance/protocol/null-program.ts'],
      reporter: ['text-summary', 'text', 'json-summary'],
      thresholds: {
        lines: 90,
        branches: 90,
        'src/**': { lines: 90, branches: 90 },
        'model/**': { lines: 90, branches: 90 },
        'conformance/**': { lines: 90, branches: 90 },
      },
    },
  },
});
