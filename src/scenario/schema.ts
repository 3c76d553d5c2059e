/**
 * The YAML form of a scenario, whole. Everything but title, description and protocol has a default, and
 * the defaults are hostile: messages are lost, doubled and damaged, clocks disagree. A quiet network is
 * what has to be asked for.
 */

import { z } from 'zod';

import { admission, authority } from './schema-door.js';
import { faults } from './schema-faults.js';
import { operator } from './schema-operator.js';
import {
  choice,
  duration,
  durationOfAtLeast,
  durationOr,
  line,
  paragraph,
  wholeNumber,
  word,
} from './schema-values.js';
import { service } from './schema-service.js';
import { swarm } from './schema-swarm.js';
import { workload } from './schema-workload.js';
import { clock, cluster, disk, network, process } from './schema-world.js';

const NAME = 'a name such as raft/leader-partition: lower-case letters, digits, dashes, dots and slashes';
const MODULE = 'a module and its export, such as ./mine.js#counter';
const INVARIANT = 'the id of an invariant, such as raft/election-safety';

export const NAME_PATTERN = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?:\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)*$/;

const protocol = z.strictObject({
  name: word
    .optional()
    .describe('a built-in protocol, or what a module calls its own; default there: the name of the file'),
  module: z
    .string({ error: MODULE })
    .max(4096, { error: MODULE })
    .regex(/^[^\p{Cc}\p{Cs}]+#[A-Za-z_$][A-Za-z0-9_$]*$/u, { error: MODULE })
    .optional()
    .describe('a protocol of your own'),
  settings: z.record(z.string(), z.unknown()).prefault({}).describe('read by the protocol itself'),
});

const model = z.strictObject({
  crash: z.boolean().prefault(true).describe('servers crash, restart, stand still, slow down'),
  network: z.boolean().prefault(true).describe('messages are lost, doubled, overtaken; links are cut'),
  disk: choice(['none', 'detectable', 'amnesia'])
    .prefault('detectable')
    .describe('detectable: damage that can be noticed; amnesia: what was confirmed is silently gone'),
  clock: z.boolean().prefault(true).describe('clocks jump and drift beyond their bounds'),
  byzantine: wholeNumber(0, 21).prefault(0).describe('arbitrarily faulty replicas that are tolerated'),
});

const target = durationOfAtLeast(1, '1us').optional();

const slo = z.strictObject({
  'snapshot-install-p99': target.describe('from the first piece sent to a server until it has installed it'),
  'recovery-p99': target.describe('from the loss of a leader until the next one commits'),
  'latency-p99': target.describe('of operations that were answered ok, as their clients see it'),
});

const expect = z.strictObject({
  outcome: choice(['passed', 'violated'])
    .prefault('passed')
    .describe('violated marks a control that must fail'),
  invariant: z
    .string({ error: INVARIANT })
    .regex(/^[a-z][a-z0-9-]{0,47}\/[a-z][a-z0-9-]{0,47}$/, { error: INVARIANT })
    .optional()
    .describe('the invariant that must be violated'),
  'progress-within': durationOr('none')
    .optional()
    .describe('progress after healing, at the latest; none promises nothing; default 5s, none for a control'),
  'stable-leader': z
    .boolean()
    .prefault(false)
    .describe('true: once that has passed, nobody else becomes leader'),
  'transfers-succeed': z
    .boolean()
    .prefault(false)
    .describe(
      'true: once the run has lasted that long, whoever leadership is handed to becomes leader; for runs without faults',
    ),
  slo: slo
    .optional()
    .describe('service level objectives: a run that misses one fails, as one does that makes no progress'),
});

const bounds = z.strictObject({
  'heal-at': duration.prefault('8s').describe('faults end: everything is healed and restarted'),
  heal: choice(['all', 'core'])
    .prefault('all')
    .describe('core: only as many servers as are enough to go on; the others stay broken to the end'),
  'stop-clients-at': duration.prefault('14s').describe('clients begin no operation from here on'),
  end: durationOfAtLeast(1, '1us').prefault('20s').describe('end of the run'),
  patience: durationOfAtLeast(1, '1us')
    .optional()
    .describe('how much longer the run and its clients go on while nothing asked since healing is answered'),
  'max-events': wholeNumber(1, 1_000_000_000)
    .prefault(5_000_000)
    .describe('a run of more events ends as bound reached'),
});

export const scenarioSchema = z.strictObject({
  name: z
    .string({ error: NAME })
    .max(100, { error: NAME })
    .regex(NAME_PATTERN, { error: NAME })
    .optional()
    .describe('default: from the name of the file'),
  title: line(120),
  description: paragraph(4000).describe(
    'one paragraph: what the scenario demonstrates, and under which failure model',
  ),
  extends: z
    .string()
    .optional()
    .describe('a scenario on which this one is laid: maps merge, everything else replaces'),
  protocol,
  cluster: cluster.prefault({}),
  model: model.prefault({}),
  service: service.prefault('kv').describe('what is replicated: a name, or a map of name, sessions, shadow'),
  workload: workload.prefault({}),
  network: network.prefault({}),
  disk: disk.prefault({}),
  clock: clock.prefault({}),
  process: process.prefault({}),
  authentication: choice(['ideal', 'real'])
    .prefault('ideal')
    .describe('how processes prove what they say: ideal proofs, or real cryptography, which is slower'),
  admission: admission.optional().describe('what each server lets in; left out: everything'),
  authority: authority.optional().describe('capabilities; left out: everybody may ask for anything'),
  faults: faults.prefault({}),
  operator: operator.optional().describe('a process that changes the running cluster, as operators do'),
  expect: expect.prefault({}),
  bounds: bounds.prefault({}),
  swarm: swarm.optional().describe('what each run draws before it begins; left out: nothing'),
});

/** A scenario as a program writes it: the YAML form as a value. */
export type ScenarioInput = z.input<typeof scenarioSchema>;
/** The YAML form with its texts read, before checks of meaning. */
export type ScenarioForm = z.output<typeof scenarioSchema>;
