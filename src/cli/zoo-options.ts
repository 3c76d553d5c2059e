/** The options of `faultline zoo`. */

import { UsageError, parseDuration } from '../kernel/index.js';
import { fuzzOptions } from './option-table.js';
import { flag, parsed, text, type Values } from './spec.js';

/** What the published figures are to be measured with. */
const DEFAULT_HUNT_MICROS = 600_000_000;

export const zooOptions = {
  cpu: parsed(
    { flag: 'cpu', value: 'TIME', description: 'CPU time for each bug and figure', fallbackText: '10min' },
    DEFAULT_HUNT_MICROS,
    (value) => parseDuration(value, '--cpu'),
  ),
  share: parsed(
    { flag: 'share', value: 'I/N', description: 'every Nth bug, from the Ith on', fallbackText: '1/1' },
    { shard: 0, of: 1 },
    readShare,
  ),
  first: fuzzOptions.first,
  strategy: fuzzOptions.strategy,
  ledger: text({
    flag: 'ledger',
    value: 'FILE',
    description: 'note what is done, and hunt only what is not',
    completion: 'file',
  }),
  markdown: flag('markdown', 'print the page for the documentation'),
  json: fuzzOptions.json,
  workers: fuzzOptions.workers,
};

export type ZooOptions = Values<typeof zooOptions>;

function readShare(value: string): { readonly shard: number; readonly of: number } {
  const [, share = 0, of = 0] = (/^(\d{1,4})\/(\d{1,4})$/.exec(value) ?? []).map(Number);
  if (share >= 1 && share <= of) return { shard: share - 1, of };
  throw new UsageError('bad-value', `--share: expected I/N with I from 1 to N, e.g. 2/8, got '${value}'`);
}
