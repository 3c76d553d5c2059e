/** What stands at the servers' doors, in YAML form: limits on what is let in, and who may ask for what. */

import { z } from 'zod';

import { expectation } from './problems.js';
import {
  duration,
  durationOfAtLeast,
  durationOr,
  percent,
  rateOrNone,
  wholeNumber,
} from './schema-values.js';

const MAX_IN_FLIGHT = 100_000;
const MAX_CAPABILITIES = 100;
const MAX_PURPOSES = 100;

export const admission = z.strictObject({
  rate: rateOrNone.prefault('none').describe('requests of clients that one server lets in'),
  burst: wholeNumber(1, MAX_IN_FLIGHT)
    .prefault(20)
    .describe('requests that may come at once on top of the rate'),
  'in-flight': wholeNumber(0, MAX_IN_FLIGHT)
    .prefault(0)
    .describe('requests that one server has let in and not answered; 0: any number'),
  hold: durationOfAtLeast(1, '1us')
    .prefault('2s')
    .describe('a request that is not answered for this long is in flight no more'),
  'brown-out': percent
    .prefault('100%')
    .describe('from this share of the limits on, clients of optional priority are turned away'),
});

const WHO = expectation(
  'clients, operator, a cohort, a client such as c1, a range such as c1..c3, or a list',
  ['clients', 'operator'],
);

const holder = z.string({ error: WHO }).regex(/^[a-z][a-z0-9.-]{0,47}$/, { error: WHO });

const purpose = z
  .string({ error: 'the name of an operation' })
  .regex(/^[a-z][a-z0-9-]{0,47}$/, { error: 'the name of an operation' });

const capability = z.strictObject({
  who: z
    .union([holder.transform((name) => [name]), z.array(holder).min(1).max(MAX_CAPABILITIES)], { error: WHO })
    .describe('clients, operator, a cohort, names of clients'),
  may: z
    .union([z.literal('anything'), z.array(purpose).min(1).max(MAX_PURPOSES)], {
      error: expectation("a list of operations, or 'anything'", ['anything']),
    })
    .describe('operations, or verbs of the operator'),
  from: duration.prefault('0s').describe('from this time of the run on'),
  until: durationOr('never').prefault('never').describe('before this time of the run'),
});

export const authority = z
  .array(capability)
  .max(MAX_CAPABILITIES)
  .describe('what clients and the operator may ask for; what is not listed they may not');
