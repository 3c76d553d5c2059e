/** The machine room in YAML form: cluster, topology, network, disks, clocks, processes. */

import { z } from 'zod';

import { group, namesOrList } from './schema-selectors.js';
import {
  bandwidth,
  distribution,
  duration,
  durationOr,
  partsPerMillion,
  ratio,
  size,
  sizeOrUnlimited,
  wholeNumber,
  word,
} from './schema-values.js';

export const MAX_NODES = 64;
/** Of a protocol; each protocol says which it has. */
export const MAX_VERSION = 1_000_000;
/** Entries of `network.links`; one that holds both ways counts twice. */
export const MAX_LINKS = 2000;

const places = z
  .record(word, namesOrList)
  .refine((map) => Object.keys(map).length <= MAX_NODES, { error: 'at most 64 places' });

const topology = z.strictObject({
  regions: places
    .prefault({})
    .describe('who stands where: { eu: [n1, n2, c1], us: n3 }; the others fill the regions in turn'),
  zones: places.prefault({}).describe('zones within regions; default: every region is one zone'),
  racks: places.prefault({}).describe('racks within zones; default: every zone is one rack'),
  delays: z
    .array(
      z.strictObject({
        between: z
          .tuple([word, word], { error: 'two names of regions, zones or racks: [eu, us]' })
          .describe('two regions, zones or racks'),
        extra: duration.describe('added to the delay of each message, each way'),
      }),
    )
    .max(1000)
    .prefault([])
    .describe('distance between places'),
});

export const cluster = z.strictObject({
  nodes: wholeNumber(1, MAX_NODES).prefault(5).describe('servers, named n1, n2, …'),
  members: wholeNumber(1, MAX_NODES)
    .optional()
    .describe('how many of the nodes, the first ones, take part from the beginning; default: all of them'),
  version: wholeNumber(1, MAX_VERSION)
    .optional()
    .describe('the version of the protocol that every server speaks at first; default: the highest'),
  topology: topology.prefault({}),
});

/** The behaviour of a link; a key that is left out keeps what the network says. */
export const linkFields = {
  delay: distribution.optional().describe('one-way delay; varying delays reorder messages'),
  loss: ratio.optional().describe('share of messages that vanish'),
  duplicate: ratio.optional().describe('share of messages that arrive twice'),
  corrupt: ratio.optional().describe('share of messages damaged on the way, which the receiver drops'),
  bandwidth: bandwidth.optional().describe('bytes per second, or unlimited'),
  queue: size.optional().describe('what a link of limited bandwidth keeps waiting before it drops'),
  ordered: z.boolean().optional().describe('true: messages of a link never overtake each other'),
};

export type LinkForm = z.output<z.ZodObject<typeof linkFields>>;

export const network = z.strictObject({
  delay: distribution
    .prefault({ 'long-tail': { median: '1ms', min: '200us', max: '50ms' } })
    .describe('one-way delay; varying delays reorder messages'),
  loss: ratio.prefault('1/200').describe('share of messages that vanish'),
  duplicate: ratio.prefault('1/200').describe('share of messages that arrive twice'),
  corrupt: ratio
    .prefault('1/2000')
    .describe('share of messages damaged on the way, which the receiver drops'),
  bandwidth: bandwidth.prefault('unlimited').describe('bytes per second, or unlimited'),
  queue: size.prefault('1MiB').describe('what a link of limited bandwidth keeps waiting before it drops'),
  ordered: z.boolean().prefault(false).describe('true: messages of a link never overtake each other'),
  links: z
    .array(
      z.strictObject({
        from: group,
        to: group,
        both: z.boolean().prefault(false).describe('true: the links back as well'),
        ...linkFields,
      }),
    )
    .max(MAX_LINKS)
    .prefault([])
    .describe('links that behave otherwise; the later entry counts'),
});

export const disk = z.strictObject({
  'sync-latency': distribution.prefault('200us..2ms').describe('how long a sync takes'),
  capacity: sizeOrUnlimited.prefault('unlimited').describe('bytes, or unlimited'),
});

export const clock = z.strictObject({
  'max-offset': duration
    .prefault('50ms')
    .describe('wall clocks start within plus or minus this of true time'),
  'max-drift': partsPerMillion(false).prefault('200ppm').describe('clocks run fast or slow by at most this'),
});

export const process = z.strictObject({
  service: duration.prefault('0ms').describe('CPU time per event'),
  inbox: wholeNumber(1, 10_000_000)
    .prefault(10_000)
    .describe('messages that a busy process keeps; more are dropped'),
  'restart-after-halt': durationOr('never')
    .prefault('500ms')
    .describe('a process that halted by itself (fail-stop) starts again after this long, or never'),
});
