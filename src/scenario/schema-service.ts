/** The replicated service in YAML form: its name alone, or with its settings, its sessions and its shadow. */

import { z } from 'zod';

import { DEFAULT_SESSION_LIMITS, serviceNames } from '../services/index.js';
import { expectation, oneOf } from './problems.js';
import { durationOr, wholeNumber } from './schema-values.js';

const MAX_SESSIONS = 1_000_000;
const MAX_WINDOW = 100_000;

const SERVICE = expectation(
  `one of ${serviceNames.join(', ')}, or a map of name, settings, sessions and shadow`,
  serviceNames,
);

const serviceName = z.enum(serviceNames, { error: oneOf(serviceNames) });

const sessions = z.strictObject({
  'max-clients': wholeNumber(1, MAX_SESSIONS)
    .prefault(DEFAULT_SESSION_LIMITS.maxClients)
    .describe('sessions at a time; then the one that has done nothing for longest is forgotten'),
  window: wholeNumber(1, MAX_WINDOW)
    .prefault(DEFAULT_SESSION_LIMITS.window)
    .describe('operations of one client whose answers are kept for retries'),
  timeout: durationOr('never')
    .prefault('never')
    .describe('a session that does nothing for longer than this, by the time of the log, is forgotten'),
});

const full = z.strictObject({
  name: serviceName.prefault('kv'),
  settings: z.record(z.string(), z.unknown()).optional().describe('read by the service itself'),
  sessions: sessions.prefault({}),
  shadow: serviceName
    .optional()
    .describe('a service that gets every command too, and whose answers are compared'),
});

export const service = z.union([serviceName.transform((name) => full.parse({ name })), full], {
  error: SERVICE,
});
