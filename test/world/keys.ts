// Ideal keys for fake hosts: one realm for all of them, so that what one process proves, another can verify.

import type { Authenticator } from '../../src/kernel/index.js';
import { idealAuthentication } from '../../src/world/index.js';

const KEYS = idealAuthentication({ seed: '', identities: Array.from({ length: 64 }, (_, i) => i) });

export function keysOf(process: number): Authenticator {
  return KEYS.of(process);
}
