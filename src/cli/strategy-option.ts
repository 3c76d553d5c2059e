/** `--strategy`: which runs the seeds of a campaign stand for. */

import { STRATEGIES, type Strategy } from '../campaign/guided/strategies.js';
import { oneOf } from './one-of.js';
import { parsed } from './spec.js';

export const strategy = parsed<Strategy>(
  {
    flag: 'strategy',
    value: 'NAME',
    description: 'which runs the seeds stand for: swarm, guided, pct, mixed',
    fallbackText: 'swarm',
    completion: STRATEGIES,
  },
  'swarm',
  (value) => oneOf('--strategy', value, STRATEGIES),
);
