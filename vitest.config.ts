import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/stale-build.ts', 'test/setup/temporary-folder.ts'],
    setupFiles: ['test/setup/fast-check.ts'],
    pool: 'forks',
    // The default leaves one processor to others: on two, half of the time.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
