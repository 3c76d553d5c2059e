/** Reads the workload of a trace's header: see trace-scenario.ts. */

import type {
  Burst,
  Cohort,
  Discovery,
  KeyDistribution,
  OperationMix,
  ReadMix,
  RetryPolicy,
  ServiceKind,
  WorkloadConfig,
} from '../services/index.js';
import {
  asRecord,
  integer,
  list,
  maybe,
  mismatch,
  object,
  orElse,
  tagged,
  text,
  where,
  word,
  type Fields,
  type Shape,
} from './shape.js';
import { MOST_CLIENTS, micros, positiveMicros, ratio } from './trace-values.js';

const weight = integer(0, 1000);

/** Relative weights of a service's operations, by name. */
function mixShape({ operations }: ServiceKind): Shape<OperationMix> {
  const known = word(...Object.keys(operations));
  const weights: Shape<OperationMix> = (value) =>
    Object.fromEntries(Object.entries(asRecord(value)).map(([name, given]) => [known(name), weight(given)]));
  return where(
    weights,
    (mix) => Object.values(mix).some((value) => value > 0),
    'at least one weight above 0',
  );
}

/** The workload of a scenario whose service this is. */
export function workloadShape(service: ServiceKind): Shape<WorkloadConfig> {
  const fields = workloadFields(service);
  const group = object<WorkloadConfig>({ ...fields, cohorts: absent });
  const cohorts = list(object<Cohort>({ name: text(200), workload: group }), MOST_CLIENTS);
  return where(
    object<WorkloadConfig>({ ...fields, cohorts: maybe(cohorts) }),
    ({ clients, cohorts: groups }) =>
      groups === undefined || groups.reduce((sum, { workload }) => sum + workload.clients, 0) === clients,
    'cohorts that have all clients between them',
  );
}

/** A cohort has no cohorts. */
const absent: Shape<undefined> = (value) => (value === undefined ? undefined : mismatch('nothing', value));

const discovery = tagged<Discovery, 'kind'>('kind', {
  hints: {},
  'round-robin': {},
  'name-service': { ttlMicros: positiveMicros },
  'load-balancer': { checkMicros: positiveMicros, pinMicros: micros },
});

function workloadFields(service: ServiceKind): Omit<Fields<WorkloadConfig>, 'cohorts'> {
  return {
    clients: integer(0, MOST_CLIENTS),
    mode: word('open', 'closed'),
    ratePerSecond: integer(1, 1_000_000),
    thinkMinMicros: micros,
    thinkMaxMicros: micros,
    keys: integer(1, 100_000),
    keyDistribution: tagged<KeyDistribution, 'kind'>('kind', {
      uniform: {},
      zipf: { exponentThousandths: integer(1, 10_000) },
      hot: { hotKeys: integer(1, 100_000), percent: integer(1, 99) },
    }),
    mix: mixShape(service),
    reads: where(
      object<ReadMix>({
        log: weight,
        'read-index': weight,
        lease: weight,
        follower: weight,
        session: weight,
        stale: weight,
      }),
      (reads) => Object.values(reads).some((value: number) => value > 0),
      'at least one weight above 0',
    ),
    attemptTimeoutMicros: positiveMicros,
    operationTimeoutMicros: positiveMicros,
    retry: object<RetryPolicy>({
      kind: word('none', 'immediate', 'backoff'),
      baseMicros: micros,
      capMicros: micros,
      jitter: ratio,
      maxAttempts: integer(1, 10_000),
      budgetPercent: integer(0, 100_000),
      minimumPerSecond: orElse(integer(0, 1_000_000), 0),
      mostPerSecond: maybe(integer(1, 1_000_000)),
    }),
    burst: maybe(
      where(
        object<Burst>({ everyMicros: positiveMicros, forMicros: positiveMicros, factor: integer(2, 1000) }),
        ({ everyMicros, forMicros }) => forMicros <= everyMicros,
        'bursts that are not longer than what lies between them',
      ),
    ),
    discovery: maybe(discovery),
    priority: maybe(word('normal', 'optional')),
  };
}
