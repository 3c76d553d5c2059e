/**
 * Faults in YAML form. Which keys a verb takes stands here; what it is given to fall on and whether it
 * lasts stands in the catalogue of faults, from which both lists (schedule and random) are built.
 */

import { z } from 'zod';

import { CATALOGUE } from '../faults/catalogue.js';
import type { CatalogueEntry } from '../faults/catalogue.js';
import type { FaultVerb } from '../faults/plan.js';
import type { Aim } from '../faults/moments.js';
import type { DurationRange, Micros } from '../kernel/index.js';
import { momentsOr } from './schema-moments.js';
import { byzantine } from './schema-byzantine.js';
import { selector } from './schema-selectors.js';
import {
  choice,
  duration,
  durationOfAtLeast,
  durationRangeFrom,
  partsPerMillion,
  signedDuration,
  wholeNumber,
} from './schema-values.js';
import { linkFields } from './schema-world.js';

export const MAX_FAULTS = 1000;

const moment = durationOfAtLeast(1000, '1ms');
const on = selector.describe('on whom');
const target = { on };

/** The keys of each verb besides `do`, `at`, `for` and `every`. */
const KEYS = {
  crash: target,
  restart: target,
  pause: target,
  resume: target,
  'slow-cpu': { on, service: moment.describe('CPU time per event') },
  partition: { groups: z.array(selector).min(2).max(64).describe('servers that cannot reach each other') },
  'random-partition': {},
  isolate: { on, direction: choice(['both', 'inbound', 'outbound']).prefault('both') },
  bridge: { bridge: selector.prefault('random').describe('the one server that both halves reach') },
  'majority-ring': {},
  flap: { on, up: moment.describe('how long it is reachable'), down: moment.describe('how long it is not') },
  degrade: { from: selector, to: selector.prefault('all'), ...linkFields },
  heal: {},
  'slow-disk': { on, factor: wholeNumber(2, 100_000).describe('syncs take this many times as long') },
  'full-disk': target,
  'fail-sync': target,
  'bit-rot': target,
  'lose-disk': target,
  'lost-write': target,
  'lying-sync': target,
  rollback: target,
  wipe: target,
  'clock-jump': { on, by: signedDuration.describe('how far the wall clock jumps') },
  'clock-drift': { on, by: partsPerMillion(true).describe('how fast or slow the clocks run') },
} satisfies Record<FaultVerb, z.core.$ZodLooseShape>;

type Keys<V extends FaultVerb> = z.ZodObject<(typeof KEYS)[V]>;

/** Zod's type of an object without keys forbids every key, `do` too: such a verb adds nothing. */
type Beside<Fields> = string extends keyof Fields ? unknown : Fields;

/** What any verb's entry says, beside its times. */
export type ActionForm = { [V in FaultVerb]: { readonly do: V } & Beside<z.output<Keys<V>>> }[FaultVerb];
export type ActionInput = { [V in FaultVerb]: { readonly do: V } & Beside<z.input<Keys<V>>> }[FaultVerb];

export type ScheduledForm = ActionForm & { readonly at: Micros; readonly for?: Micros | undefined };
export type RandomForm = ActionForm & {
  readonly every: DurationRange | Aim;
  readonly for?: DurationRange | undefined;
};

type ScheduledInput = ActionInput & { readonly at: string | 0; readonly for?: string | 0 };
type RandomInput = ActionInput & { readonly every: string; readonly for?: string };

type Shape = Record<string, z.ZodType>;

/** `1s..4s`, or `5..40 commits`. */
const quietOrAim = momentsOr(durationRangeFrom(1000, '1ms'));

function scheduledTimes(entry: CatalogueEntry): Shape {
  const at = duration.describe('when it strikes');
  if (entry.duration === 'never') return { at };
  const lasting = moment.describe('how long it lasts');
  return { at, for: entry.duration === 'must' ? lasting : lasting.optional() };
}

function randomTimes(entry: CatalogueEntry): Shape {
  const every = quietOrAim.describe('from one stroke to the next: a time, or so many moments');
  if (entry.duration === 'never') return { every };
  return { every, for: durationRangeFrom(1000, '1ms').describe('how long each lasts') };
}

function verbs(times: (entry: CatalogueEntry) => Shape): readonly z.ZodType[] {
  return CATALOGUE.map((entry) => {
    const shape = { do: z.literal(entry.verb), ...times(entry), ...(KEYS[entry.verb] as Shape) };
    const error: z.core.$ZodErrorMap = (issue) =>
      issue.code === 'unrecognized_keys' && issue.keys[0] === 'for' ? OVER_AT_ONCE : undefined;
    return z.strictObject(shape, { error }).describe(entry.summary);
  });
}

const OVER_AT_ONCE = 'no duration, since this fault is over at once';

/** One object schema per verb. The types say what the table above says, which no inference can follow. */
function byVerb<Output, Input>(times: (entry: CatalogueEntry) => Shape): z.ZodType<Output, Input> {
  const options = verbs(times) as unknown as [z.ZodObject<{ do: z.ZodLiteral<FaultVerb> }>];
  return z.discriminatedUnion('do', options) as unknown as z.ZodType<Output, Input>;
}

export const faults = z.strictObject({
  byzantine,
  schedule: z
    .array(byVerb<ScheduledForm, ScheduledInput>(scheduledTimes))
    .max(MAX_FAULTS)
    .prefault([])
    .describe('faults that strike at given times'),
  random: z
    .array(byVerb<RandomForm, RandomInput>(randomTimes))
    .max(MAX_FAULTS)
    .prefault([])
    .describe('faults that strike again and again, at moments drawn by chance'),
  'damaged-disks': wholeNumber(0, 31)
    .optional()
    .describe(
      'most rotten or lost disks at a time, so that a good copy of everything remains; default: 1, or 0 below 3 nodes',
    ),
});
