import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['src/**/*.test.ts'], exclude: ['src/package.test.ts'], testTimeout: 20_000 } });
