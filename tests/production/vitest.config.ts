import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.production.ts'],
    // One after the other on one machine, and each waits for builds and real servers.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 3_600_000,
    bail: 1,
  },
});
