import { configDefaults, defineConfig } from 'vitest/config';

const exclude = [...configDefaults.exclude, 'examples/sites/**', 'tests/sites/*/**'];
const measured = '**/*.measured.it.test.ts';

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...exclude, '**/*.it.test.ts'],
          // They run beside servers and browsers.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.it.test.ts'],
          exclude: [...exclude, measured],
          globalSetup: ['tests/support/start-postgres.ts', 'tests/temporal/support/shared-bundle.ts'],
          testTimeout: 120_000,
          // Real servers and browsers beside other work: one more try tells a slow machine from a fault.
          retry: process.env.CI ? 1 : 0,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'measured',
          include: [measured],
          exclude,
          globalSetup: ['tests/support/start-postgres.ts'],
          hookTimeout: 240_000,
          // After all others and one at a time: they compare times, which a browser beside them would blur.
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
          retry: process.env.CI ? 1 : 0,
        },
      },
    ],
  },
});
