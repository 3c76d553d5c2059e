/** Clients in YAML form: how many, how fast, which keys, which operations, which reads, how they retry. */

import { READ_MODES } from '../kernel/index.js';
import { z } from 'zod';

import { onlyReads } from '../services/workload-config.js';
import type { Discovery, KeyDistribution, ReadMix } from '../services/workload-config.js';
import { expectation } from './problems.js';
import {
  choice,
  duration,
  durationOfAtLeast,
  durationRange,
  percent,
  rate,
  rateOrNone,
  ratio,
  wholeNumber,
  word,
} from './schema-values.js';

export const MAX_CLIENTS = 256;
const MAX_KEYS = 100_000;
const CLASSIC_ZIPF = 990;
const MAX_ZIPF = 10_000;

const KEYS = expectation(
  'uniform, zipf, zipf with an exponent such as zipf 1.5 (at most 10), or hot keys and their share such as hot 2 90%',
  ['uniform', 'zipf', 'hot'],
);

const keyDistribution = z
  .string({ error: KEYS })
  .regex(/^(?:uniform|zipf(?: \d{1,2}(?:\.\d{1,3})?)?|hot [1-9]\d{0,4} [1-9]\d?%)$/, { error: KEYS })
  .transform((text, context): KeyDistribution => {
    if (text === 'uniform') return { kind: 'uniform' };
    const [kind, exponent, share = ''] = text.split(' ');
    if (kind === 'hot') return { kind, hotKeys: Number(exponent), percent: Number(share.slice(0, -1)) };
    const thousandths = exponent === undefined ? CLASSIC_ZIPF : readThousandths(exponent);
    if (thousandths > 0 && thousandths <= MAX_ZIPF) return { kind: 'zipf', exponentThousandths: thousandths };
    context.issues.push({ code: 'custom', message: KEYS, input: text, path: [] });
    return z.NEVER;
  });

function readThousandths(text: string): number {
  const [whole = '0', fraction = ''] = text.split('.');
  return Number(whole) * 1000 + Number(fraction.padEnd(3, '0'));
}

/** An exponent in thousandths as text: 990 is `0.99`. */
export function formatThousandths(thousandths: number): string {
  const fraction = String(thousandths % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  const whole = String(Math.floor(thousandths / 1000));
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

const weight = wholeNumber(0, 1000).prefault(0);

/** Which names there are depends on the service. */
const mix = z
  .record(z.string(), wholeNumber(0, 1000))
  .refine((weights) => Object.values(weights).some((value) => value > 0), {
    error: 'at least one weight above 0',
  });

const READS = expectation(
  `one of ${READ_MODES.join(', ')}, or a map of them to weights, one of them above 0`,
  READ_MODES,
);

const readMode = z.enum(READ_MODES, { error: READS }).transform((mode): ReadMix => onlyReads(mode));

const readWeights = z
  .strictObject({
    log: weight,
    'read-index': weight,
    lease: weight,
    follower: weight,
    session: weight,
    stale: weight,
  })
  .transform((weights, context): ReadMix => {
    const weighed = READ_MODES.filter((mode) => weights[mode] > 0);
    const [only] = weighed;
    if (only !== undefined) return weighed.length === 1 ? onlyReads(only) : weights;
    context.issues.push({ code: 'custom', message: READS, input: weights, path: [] });
    return z.NEVER;
  });

const retry = z.strictObject({
  policy: choice(['none', 'immediate', 'backoff'])
    .prefault('backoff')
    .describe('none; immediate: at once; backoff: after a delay that doubles'),
  base: duration.prefault('20ms').describe('the first delay'),
  cap: duration.prefault('1s').describe('the longest delay'),
  jitter: ratio.prefault('1/2').describe('share of each delay that is drawn by chance'),
  'max-attempts': wholeNumber(1, 10_000)
    .prefault(20)
    .describe('attempts of one operation, the first included'),
  budget: percent.prefault('50%').describe('retries that each operation earns for its client'),
  minimum: rateOrNone
    .prefault('4/s')
    .describe('retries that time earns for each client, so that one whose operations all wait goes on'),
  'rate-limit': rateOrNone.optional().describe('most retries of each client; default none'),
});

const burst = z.strictObject({
  every: durationOfAtLeast(1, '1us').describe('from the beginning of one burst to that of the next'),
  for: durationOfAtLeast(1, '1us').describe('how long a burst lasts'),
  factor: wholeNumber(2, 1000).describe('how many times as fast operations come'),
});

const DISCOVERIES = ['hints', 'round-robin', 'name-service', 'load-balancer'] as const;
const DISCOVERY = expectation(
  'one of hints, round-robin, or { name-service: { ttl: 3s } } or { load-balancer: { check: 1s, pin: 1s } }',
  DISCOVERIES,
);

const discovery = z.union(
  [
    z.enum(['hints', 'round-robin'], { error: DISCOVERY }).transform((kind): Discovery => ({ kind })),
    z
      .strictObject({
        'name-service': z.strictObject({
          ttl: durationOfAtLeast(1, '1us')
            .prefault('3s')
            .describe('how long a client believes what it was told'),
        }),
      })
      .transform((given): Discovery => ({ kind: 'name-service', ttlMicros: given['name-service'].ttl })),
    z
      .strictObject({
        'load-balancer': z.strictObject({
          check: durationOfAtLeast(1, '1us')
            .prefault('1s')
            .describe('from one check of who is up to the next'),
          pin: duration.prefault('1s').describe('how long a client stays with one server at least'),
        }),
      })
      .transform(({ 'load-balancer': { check, pin } }): Discovery => {
        return { kind: 'load-balancer', checkMicros: check, pinMicros: pin };
      }),
  ],
  { error: DISCOVERY },
);

const common = {
  clients: wholeNumber(0, MAX_CLIENTS).prefault(5).describe('clients, named c1, c2, …'),
  mode: choice(['open', 'closed'])
    .prefault('open')
    .describe('open: operations arrive at a rate whatever happens; closed: each client waits for its answer'),
  rate: rate.prefault('100/s').describe('open: operations per second, all clients together'),
  think: durationRange
    .prefault('1ms..20ms')
    .describe('closed: pause between an answer and the next operation'),
  keys: wholeNumber(1, MAX_KEYS).prefault(16),
  'key-distribution': keyDistribution
    .prefault('zipf 0.99')
    .describe('uniform, zipf with its exponent, or so many hot keys and their share'),
  mix: mix
    .optional()
    .describe(
      'relative weights of operations of the service; one that is not written has none; left out: as the service has them',
    ),
  reads: z
    .union([readMode, readWeights], { error: READS })
    .prefault('log')
    .describe('how gets ask to be served: one mode, or relative weights of several'),
  'attempt-timeout': durationOfAtLeast(1000, '1ms')
    .prefault('500ms')
    .describe('an attempt is given up after this long'),
  'operation-timeout': durationOfAtLeast(1000, '1ms')
    .prefault('5s')
    .describe('an operation is given up, its outcome unknown, after this long'),
  retry: retry.prefault({}),
  bursts: burst.optional().describe('every so often operations come faster; left out: evenly'),
  discovery: discovery.optional().describe('how clients find servers; default hints'),
  priority: choice(['normal', 'optional'])
    .optional()
    .describe('optional: turned away first when servers are near their limits; default normal'),
};

/** What a cohort may say otherwise than the workload around it: everything, and nothing has a default. */
type CohortForm = Omit<Partial<z.output<z.ZodObject<typeof common>>>, 'retry'> & {
  readonly retry?: Partial<z.output<typeof retry>>;
};
type CohortInput = Omit<Partial<z.input<z.ZodObject<typeof common>>>, 'retry'> & {
  readonly retry?: Partial<z.input<typeof retry>>;
};

const cohort = z.strictObject({
  ...withoutDefaults(common),
  retry: z.strictObject(withoutDefaults(retry.shape)).optional(),
}) as unknown as z.ZodType<CohortForm, CohortInput>;

/** The same fields, each of which may be left out and then is. */
function withoutDefaults(fields: Readonly<Record<string, z.ZodType>>): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => {
      const inner = field instanceof z.ZodPrefault ? (field.unwrap() as z.ZodType) : field;
      return [name, inner.optional()];
    }),
  );
}

export const workload = z.strictObject({
  ...common,
  cohorts: z
    .record(word, cohort)
    .refine((cohorts) => Object.keys(cohorts).length > 0, { error: 'at least one cohort' })
    .optional()
    .describe(
      'groups of clients by name, each with what it does otherwise than the rest of the workload says; clients are those of all groups',
    ),
});
