/** How often an aimed fault strikes, in YAML form: `40 commits`, `5..40 appends`. */

import { z } from 'zod';

import { MOMENT_NAMES, type Aim, type Moment } from '../faults/moments.js';
import { expectation } from './problems.js';

const PATTERN = new RegExp(`^([1-9]\\d{0,5})(?:\\.\\.([1-9]\\d{0,5}))? (${MOMENT_NAMES.join('|')})$`);

/** The aim that a text says; undefined where it says none. */
export function readAim(text: string): Aim | undefined {
  const [, least, most = least, moment] = PATTERN.exec(text) ?? [];
  if (Number(least) <= Number(most) && moment !== undefined)
    return { moment: moment as Moment, least: Number(least), most: Number(most) };
  return undefined;
}

const EXPECTED = expectation(
  `a duration or a range such as 1s..4s (lower end first), from 1ms to 24h, or moments such as 5..40 commits (${MOMENT_NAMES.join(', ')})`,
  MOMENT_NAMES,
);

/** Moments, or what the given schema reads. */
export function momentsOr<Output, Input>(other: z.ZodType<Output, Input>) {
  const moments = z
    .string()
    .regex(PATTERN)
    .transform((text, context): Aim => {
      const aim = readAim(text);
      if (aim !== undefined) return aim;
      context.issues.push({ code: 'custom', message: 'the lower end first', input: text, path: [] });
      return z.NEVER;
    });
  return z.union([other, moments], { error: EXPECTED });
}
