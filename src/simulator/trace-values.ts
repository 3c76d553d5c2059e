/** The shapes of values that every part of a trace's scenario is made of. */

import { MAX_DURATION_MICROS, type Ratio } from '../kernel/index.js';
import { integer, object, text, where, type Shape } from './shape.js';

/** Most clients of a scenario, and most cohorts of them. */
export const MOST_CLIENTS = 256;

export const micros = integer(0, MAX_DURATION_MICROS);
export const positiveMicros = integer(1, MAX_DURATION_MICROS);
export const name = text(200);

export const ratio: Shape<Ratio> = where(
  object<Ratio>({ numerator: integer(0, 1_000_000_000), denominator: integer(1, 1_000_000_000) }),
  ({ numerator, denominator }) => numerator <= denominator,
  'a ratio from 0 to 1',
);
