/**
 * The operator in YAML form: which keys each verb takes, and what they are when nothing is said. What a verb does
 * stands with the operator, in the faults room.
 */

import { z } from 'zod';

import type { OperatorTarget, OperatorVerb } from '../faults/operator-plan.js';
import type { Micros } from '../kernel/index.js';
import { expectation } from './problems.js';
import {
  choice,
  duration,
  durationOfAtLeast,
  durationRangeFrom,
  ratio,
  wholeNumber,
} from './schema-values.js';
import { MAX_NODES, MAX_VERSION } from './schema-world.js';

export const MAX_STEPS = 1000;

/** `n3` is 3: counted from 1 as it is written. */
export type ServerName = { readonly kind: 'server'; readonly number: number };
export type TargetForm = ServerName | Exclude<OperatorTarget, { kind: 'node' }>;

const WORDS = [
  'leader',
  'random',
  'random-member',
  'random-spare',
  'random-learner',
  'random-blank',
] as const;
const SERVER = 'the name of a server such as n1';
const TARGET = expectation(`one of ${WORDS.join(', ')}, n1`, WORDS);
const NAME_PATTERN = /^n[1-9]\d{0,2}$/;

const serverName = z
  .string({ error: SERVER })
  .regex(NAME_PATTERN, { error: SERVER })
  .transform((text): ServerName => ({ kind: 'server', number: Number(text.slice(1)) }));

const targetWord = z
  .enum(WORDS, { error: TARGET })
  .transform((kind): Exclude<OperatorTarget, { kind: 'node' }> => ({ kind }));

const target = z
  .union([targetWord, serverName], { error: TARGET })
  .meta({ id: 'operator-target', description: `${WORDS.join(', ')}, n1` });

const on = (byDefault: OperatorTarget['kind'] & (typeof WORDS)[number]) =>
  target.prefault(byDefault).describe('on which server');
const servers = z.array(serverName).max(MAX_NODES);
const version = wholeNumber(1, MAX_VERSION).describe('a version of the protocol');
const restart = duration.prefault('200ms').describe('how long the process is down');
const pause = duration.prefault('500ms').describe('pause between two servers');

const trigger = z
  .strictObject({
    failures: wholeNumber(0, 1_000_000)
      .prefault(0)
      .describe('rolls back when the process has halted or refused to run more often'),
    'ok-below': ratio
      .prefault('1/2')
      .describe('rolls back when operations ended ok are a smaller share of those in the time before'),
  })
  .prefault({});

/** The keys of each verb besides `do`, `at` and `within`. */
const KEYS = {
  'transfer-leadership': { to: target.optional().describe('default: whom the leader chooses') },
  'add-learner': { on: on('random-spare') },
  'add-voter': { on: on('random-spare') },
  promote: { on: on('random-learner') },
  demote: { on: on('random-member') },
  remove: { on: on('random-member') },
  replace: { from: on('random-member'), to: on('random-spare') },
  change: {
    voters: servers.min(1).optional().describe('default: drawn by chance'),
    learners: servers.prefault([]),
    joint: z.boolean().prefault(true).describe('by way of a joint configuration'),
    'auto-leave': z
      .boolean()
      .prefault(true)
      .describe('false: the joint configuration stays until leave-joint'),
  },
  'leave-joint': {},
  snapshot: { on: on('random') },
  'activate-version': { version },
  upgrade: {
    on: on('random'),
    to: version.optional().describe('default: drawn, never a lower one'),
    for: restart,
  },
  'format-disk': { on: on('random-blank') },
  'replace-disk': { on: on('random-blank') },
  'rolling-upgrade': { to: version, for: restart, pause },
  canary: {
    on: on('random'),
    to: version,
    for: restart,
    pause,
    watch: durationOfAtLeast(1000, '1ms').prefault('2s').describe('watched this long, before and after'),
    trigger,
  },
} satisfies Record<OperatorVerb, z.core.$ZodLooseShape>;

type Keys<V extends OperatorVerb> = z.ZodObject<(typeof KEYS)[V]>;
/** A verb without keys of its own forbids none of those that all steps have. */
type OwnKeys<V extends OperatorVerb, Form> = keyof (typeof KEYS)[V] extends never ? unknown : Form;

/** What any verb's step says, beside its times. */
export type OperatorActionForm = {
  [V in OperatorVerb]: { readonly do: V } & OwnKeys<V, z.output<Keys<V>>>;
}[OperatorVerb];
type ActionInput = { [V in OperatorVerb]: { readonly do: V } & OwnKeys<V, z.input<Keys<V>>> }[OperatorVerb];

export type StepForm = OperatorActionForm & { readonly at: Micros; readonly within?: Micros | undefined };
type StepInput = ActionInput & { readonly at?: string | 0; readonly within?: string };

const VERBS = Object.keys(KEYS) as OperatorVerb[];

const within = durationOfAtLeast(1000, '1ms')
  .optional()
  .describe('given up after this long; default 5s, or 60s for what takes one server after another');

/** One object schema per verb. The types say what the table above says, which no inference can follow. */
function byVerb<Output, Input>(times: Record<string, z.ZodType>): z.ZodType<Output, Input> {
  const options = VERBS.map((verb) => z.strictObject({ do: z.literal(verb), ...times, ...KEYS[verb] }));
  return z.discriminatedUnion(
    'do',
    options as unknown as [z.ZodObject<{ do: z.ZodLiteral<OperatorVerb> }>],
  ) as unknown as z.ZodType<Output, Input>;
}

const at = duration.prefault('0ms').describe('not before this time');

/** Verbs that can be drawn: the others take a version that nobody could guess. */
const RANDOM_VERBS = [
  'transfer-leadership',
  'add-learner',
  'add-voter',
  'promote',
  'demote',
  'remove',
  'replace',
  'change',
  'leave-joint',
  'snapshot',
  'upgrade',
  'format-disk',
  'replace-disk',
] as const satisfies readonly OperatorVerb[];

const action = byVerb<OperatorActionForm, ActionInput>({});

/** What a verb does when it is drawn: every key as it is when nothing is said. */
export function drawnAction(verb: (typeof RANDOM_VERBS)[number]): OperatorActionForm {
  return action.parse({ do: verb });
}

const random = z.strictObject({
  every: durationRangeFrom(1000, '1ms').describe('from the end of one operation to the next'),
  within: durationOfAtLeast(1000, '1ms').prefault('5s').describe('given up after this long'),
  actions: z
    .partialRecord(choice(RANDOM_VERBS), wholeNumber(0, 1000))
    .refine((weights) => Object.values(weights).some((weight) => weight > 0), {
      error: 'at least one weight above 0',
    })
    .describe('relative weights of verbs'),
});

export const operator = z.strictObject({
  playbook: z
    .array(byVerb<StepForm, StepInput>({ at, within }))
    .max(MAX_STEPS)
    .prefault([])
    .describe('steps in order; each waits until the one before is over'),
  random: random.optional().describe('operations drawn by weight, while the playbook waits or is done'),
});
