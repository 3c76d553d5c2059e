// Runs once before all tests: tests of the built command line must not run against an old build.

import { staleness } from '../tools/build-stamp.mjs';

export default function refuseStaleBuild(): void {
  const reason = staleness();
  if (reason === undefined) return;
  console.error(reason);
  process.exit(1);
}
