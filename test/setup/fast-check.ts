// Shared by every test file: properties are drawn from a fixed seed, so that a run of the tests is
// repeatable. FC_SEED explores elsewhere, FC_RUNS explores longer; a failure prints its seed and path.

import { configureGlobal } from 'fast-check';

function integerFromEnvironment(name: string, fallback: number, least: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${name} must be an integer of at least ${least}, got '${text}'`);
}

configureGlobal({
  seed: integerFromEnvironment('FC_SEED', 20_261_101, Number.MIN_SAFE_INTEGER),
  numRuns: integerFromEnvironment('FC_RUNS', 100, 1),
});
