/** What each run draws before it begins, in YAML form: axes by name, each a way to draw. */

import { z } from 'zod';

import { line, ratio, wholeNumber } from './schema-values.js';

const MAX_AXES = 200;
const MAX_ALTERNATIVES = 100;

const path = z
  .string({ error: 'a key path such as cluster.nodes' })
  .max(200, { error: 'a key path such as cluster.nodes' });

const alternative = z.strictObject({
  name: line(80).optional().describe('what it is called where a draw is told; default: its number, from 1'),
  weight: wholeNumber(1, 1000).prefault(1).describe('how likely it is, beside the others'),
  set: z
    .record(z.string(), z.unknown())
    .prefault({})
    .describe('key paths and what is put there, as --set does'),
  unset: z.array(path).max(50).prefault([]).describe('key paths at which nothing is left'),
});

const names = z.union([line(80).transform((name) => [name]), z.array(line(80)).min(1)], {
  error: 'the name of an alternative, or a list of names',
});

const end = z.union([z.string(), z.number()], { error: 'a number, with its unit where it has one' });

const axis = z.strictObject({
  when: z
    .record(z.string(), names)
    .prefault({})
    .describe('drawn only where an earlier axis took one of these alternatives'),
  path: path.optional().describe('what is drawn; default: the name of the axis'),
  values: z.array(z.unknown()).min(1).max(MAX_ALTERNATIVES).optional().describe('one of these'),
  choose: z
    .array(alternative)
    .min(1)
    .max(MAX_ALTERNATIVES)
    .optional()
    .describe('one of these bundles of several paths'),
  between: z
    .tuple([end, end], { error: 'two ends, such as [20/s, 300/s]' })
    .optional()
    .describe('a number, duration or rate between two ends, each doubling as likely'),
  keep: z
    .union([ratio.transform((share) => [share]), z.array(ratio).min(1).max(20)], {
      error: 'a share such as 1/2, or a list of shares of which one is drawn',
    })
    .optional()
    .describe('each item of a list or map is kept with this probability; one of them is drawn first'),
  spread: z
    .union([1, 2, 4, 8, 16, 32, 64].map((value) => z.literal(value)))
    .optional()
    .describe('with keep: weights and times between strikes vary by at most this factor, each way'),
});

/** The form of one axis, a bare list included. */
export type AxisForm = z.output<typeof axis>;

export const swarm = z
  .record(
    z.string(),
    z.union(
      [
        z
          .array(z.unknown())
          .min(1)
          .max(MAX_ALTERNATIVES)
          .transform((values): AxisForm => ({ values, when: {} })),
        axis,
      ],
      { error: 'a list of values, or a map with one of values, choose, between, keep' },
    ),
  )
  .refine((axes) => Object.keys(axes).length <= MAX_AXES, { error: `at most ${MAX_AXES} axes` });
