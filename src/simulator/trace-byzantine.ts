/** Reads the liars of a trace's resolved scenario. */

import type { Audience, ByzantineFault, Culprits, Misbehaviour, When } from '../faults/index.js';
import { flag, integer, list, maybe, object, tagged, word, type Shape } from './shape.js';
import { micros, name, ratio } from './trace-values.js';

const LARGEST = 0xffff_ffff_ffff;
const MOST_KINDS = 64;

const count = integer(0, LARGEST);

const action = tagged<Misbehaviour, 'do'>('do', {
  equivocate: {},
  silence: {},
  delay: { minMicros: micros, maxMicros: micros },
  throttle: { everyMicros: micros },
  ignore: {},
  mutate: { field: maybe(name), variation: word('step', 'prior', 'window', 'huge') },
  lie: { lie: name, also: flag },
  replay: {},
  impersonate: {},
  malform: {},
  flood: { copies: integer(1, 100) },
  twin: { everyMinMicros: micros, everyMaxMicros: micros },
  anything: {},
});

export function byzantineShape(servers: number, processes: number): Shape<ByzantineFault> {
  const process = integer(0, processes - 1);
  const on = tagged<Culprits, 'kind'>('kind', {
    nodes: { nodes: list(integer(0, servers - 1), servers) },
    clients: { clients: list(process, processes) },
    random: { count: integer(1, servers) },
    primary: {},
    'next-primary': {},
  });
  const to = tagged<Audience, 'kind'>('kind', {
    everybody: {},
    servers: {},
    clients: {},
    half: {},
    random: { count: integer(1, 99) },
    primary: {},
    backups: {},
    nodes: { nodes: list(process, processes) },
  });
  const when = object<When>({
    kinds: maybe(list(name, MOST_KINDS)),
    viewMin: count,
    viewMax: count,
    sequenceMin: count,
    sequenceMax: count,
    to,
    clients: maybe(list(process, processes)),
    fromMicros: micros,
    untilMicros: maybe(micros),
    chance: ratio,
    during: word('always', 'view-change', 'agreement'),
    role: word('any', 'primary', 'backup'),
  });
  return object<ByzantineFault>({ id: name, on, action, when });
}
