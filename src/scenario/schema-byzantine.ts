/** Liars in YAML form: who is corrupted, what they do, when, and to whom. */

import { z } from 'zod';

import {
  BYZANTINE_VERBS,
  type Audience,
  type ByzantineVerb,
  type Culprits,
} from '../faults/byzantine/plan.js';
import type { DurationRange, Micros, Variation } from '../kernel/index.js';
import { expectation } from './problems.js';
import { namesOrList, type ProcessName } from './schema-selectors.js';
import {
  choice,
  duration,
  durationOfAtLeast,
  durationRange,
  durationRangeFrom,
  ratio,
  wholeNumber,
  word,
} from './schema-values.js';

const MAX_LIES = 200;
const LARGEST = 0xffff_ffff_ffff;

interface Names {
  readonly kind: 'names';
  readonly names: readonly ProcessName[];
}

/** Culprits before names became numbers; `f`: as many as the failure model bears. */
export type CulpritsForm =
  | Names
  | { readonly kind: 'random'; readonly count: number | 'f' }
  | Extract<Culprits, { kind: 'primary' | 'next-primary' }>;

export type AudienceForm = Names | Exclude<Audience, { kind: 'nodes' }>;

const ON_WORDS = ['random', 'primary', 'next-primary'] as const;
const ON = expectation(
  'random, random 2, random f, primary, next-primary, n1, c1, or a list of names',
  ON_WORDS,
);
const TO_WORDS = ['everybody', 'servers', 'clients', 'half', 'random', 'primary', 'backups'] as const;
const TO = expectation(
  'everybody, servers, clients, half, random 2, primary, backups, n1, or a list of names',
  TO_WORDS,
);

/** `random 2` as a number; undefined for another text. */
function countIn(text: string): number | 'f' | undefined {
  if (text === 'random') return 1;
  const [, count] = /^random ([1-9]\d?|f)$/.exec(text) ?? [];
  return count === undefined || count === 'f' ? count : Number(count);
}

const named = namesOrList.transform((names): Names => ({ kind: 'names', names }));

const culprits = z
  .union(
    [
      z
        .string({ error: ON })
        .regex(/^(?:random|random (?:[1-9]\d?|f)|primary|next-primary)$/, { error: ON })
        .transform((text): CulpritsForm => {
          const count = countIn(text);
          return count === undefined
            ? { kind: text as 'primary' | 'next-primary' }
            : { kind: 'random', count };
        }),
      named,
    ],
    { error: ON },
  )
  .meta({
    id: 'culprits',
    description: 'random, random 2, random f, primary, next-primary, n1, [n1, n2], c1',
  });

const audience = z
  .union(
    [
      z
        .string({ error: TO })
        .regex(/^(?:everybody|servers|clients|half|random|random [1-9]\d?|primary|backups)$/, { error: TO })
        .transform((text): AudienceForm => {
          const count = countIn(text);
          if (typeof count === 'number') return { kind: 'random', count };
          return { kind: text } as AudienceForm;
        }),
      named,
    ],
    { error: TO },
  )
  .meta({
    id: 'audience',
    description: 'everybody, servers, clients, half, random 2, primary, backups, n1, [n1, n2]',
  });

export interface RangeForm {
  readonly min: number;
  readonly max: number;
}

const RANGE = 'a whole number, or a range such as 1..4';
const range = z
  .union(
    [
      z.int({ error: RANGE }).min(0, { error: RANGE }),
      z.string({ error: RANGE }).regex(/^\d{1,15}\.\.\d{1,15}$/, { error: RANGE }),
    ],
    { error: RANGE },
  )
  .transform((value, context): RangeForm => {
    if (typeof value === 'number') return { min: value, max: value };
    const [min = 0, max = 0] = value.split('..').map(Number);
    if (min > max) context.issues.push({ code: 'custom', message: RANGE, input: value, path: [] });
    return { min, max };
  });

const KIND = 'the name of a message such as PrePrepare';
const kind = z.string({ error: KIND }).regex(/^[A-Z][A-Za-z]{0,39}$/, { error: KIND });

const when = z.strictObject({
  kinds: z.array(kind).min(1).max(64).optional().describe('kinds of messages; default: all'),
  view: range.prefault(`0..${LARGEST}`).describe('view, of messages that have one'),
  sequence: range.prefault(`0..${LARGEST}`).describe('sequence number, of messages that have one'),
  to: audience.optional().describe('to whom; default: everybody, or half for equivocate'),
  clients: namesOrList.optional().describe('requests of these clients alone'),
  from: duration.prefault('0ms').describe('from this time on'),
  until: durationOfAtLeast(1, '1us').optional().describe('until then; default: to the end'),
  chance: ratio.prefault(1).describe('how many of them'),
  during: choice(['always', 'view-change', 'agreement'])
    .prefault('always')
    .describe('while a view changes, or not'),
  role: choice(['any', 'primary', 'backup'])
    .prefault('any')
    .describe("the liar's role in the view of the message"),
});

const VARIATIONS = ['step', 'prior', 'window', 'huge'] as const satisfies readonly Variation[];
const every = durationOfAtLeast(1000, '1ms');

/** The keys of each verb besides `on`, `do` and `when`. */
const KEYS = {
  equivocate: {},
  silence: {},
  delay: { by: durationRange.describe('how late it is sent') },
  throttle: { every: every.describe('the time between two messages to one receiver') },
  ignore: {},
  mutate: {
    field: word.optional().describe('the integer that is varied; default: drawn each time'),
    by: choice(VARIATIONS)
      .prefault('step')
      .describe('to the next or last value, an earlier one, beyond the window, beyond all'),
  },
  lie: {
    as: word.describe("which lie of the protocol's attack surface"),
    also: z.boolean().prefault(false).describe('besides the true message'),
  },
  replay: {},
  impersonate: {},
  malform: {},
  flood: { copies: wholeNumber(1, 100).prefault(4).describe('variants of each message') },
  twin: { every: durationRangeFrom(1000, '1ms').prefault('100ms..600ms').describe('how long sides last') },
  anything: {},
} satisfies Record<ByzantineVerb, z.core.$ZodLooseShape>;

export type WhenForm = z.output<typeof when>;
interface Common {
  readonly on: CulpritsForm;
  readonly when: WhenForm;
}

export type ByzantineForm = Common &
  (
    | { readonly do: 'equivocate' | 'silence' | 'ignore' | 'replay' | 'impersonate' | 'malform' | 'anything' }
    | { readonly do: 'delay'; readonly by: DurationRange }
    | { readonly do: 'throttle'; readonly every: Micros }
    | { readonly do: 'mutate'; readonly field?: string | undefined; readonly by: Variation }
    | { readonly do: 'lie'; readonly as: string; readonly also: boolean }
    | { readonly do: 'flood'; readonly copies: number }
    | { readonly do: 'twin'; readonly every: DurationRange }
  );

export type ByzantineInput = {
  readonly do: ByzantineVerb;
  readonly on: z.input<typeof culprits>;
  readonly when?: z.input<typeof when>;
} & Readonly<Record<string, unknown>>;

const options = (Object.keys(KEYS) as ByzantineVerb[]).map((verb) =>
  z
    .strictObject({
      on: culprits.describe('who is corrupted'),
      do: z.literal(verb),
      ...KEYS[verb],
      when: when.prefault({}),
    })
    .describe(BYZANTINE_VERBS[verb]),
) as unknown as [z.ZodObject<{ do: z.ZodLiteral<ByzantineVerb> }>];

export const byzantine = z
  .array(z.discriminatedUnion('do', options) as unknown as z.ZodType<ByzantineForm, ByzantineInput>)
  .max(MAX_LIES)
  .prefault([])
  .describe('who lies, and how: the first entries intercept first');
