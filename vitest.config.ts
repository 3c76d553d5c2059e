import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/stale-build.ts', 'test/setup/temporary-folder.ts'],
    setupFiles: ['test/setup/fast-check.ts'],
    pool: 'forks',
    // The default leaves one processor to others: on two, half of the time.
    maxWorkers: '100%',
    // The longest takes half a minute alone; beside a campaign, on two slow processors, more than twice as long.
    testTimeout: 180_000,
    hookTimeout: 60_000,
  },
});
