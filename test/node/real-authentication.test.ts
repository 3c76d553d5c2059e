import { expect, test } from 'vitest';

import type { Statement } from '../../src/kernel/index.js';
import { realAuthentication } from '../../src/node/real-authentication.js';
import { checkLaws } from '../world/authentication-laws.js';

checkLaws('real', realAuthentication, 30);

const SAID: Statement = { type: 1, configuration: 0, view: 2, sequence: 3, digest: 4 };

const keysOf = (seed: string) => realAuthentication({ seed, identities: [0, 1, 2] });

test('real authentication: keys follow from the seed: a run that is repeated verifies what it proved', () => {
  const [first, again, other] = [keysOf('seed é'), keysOf('seed é'), keysOf('seed e')];
  for (const proof of [first.of(0).sign(SAID), first.of(0).authenticate(SAID, [1])]) {
    expect(again.of(1).verify(0, SAID, proof)).toBe(true);
    expect(other.of(1).verify(0, SAID, proof)).toBe(false);
  }
});

test('real authentication: what one run has verified, another believes no more than before', () => {
  const [here, there] = [keysOf('here'), keysOf('there')];
  const proof = here.of(0).sign(SAID);
  expect(here.of(1).verify(0, SAID, proof)).toBe(true);
  expect(there.of(1).verify(0, SAID, proof)).toBe(false);
  expect(here.of(1).verify(0, SAID, proof)).toBe(true);
});
