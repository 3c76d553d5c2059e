/** A resolved workload back as YAML. */

import { READ_MODES, formatDuration, formatDurationRange, formatRatio } from '../kernel/index.js';
import {
  type Burst,
  type Discovery,
  type KeyDistribution,
  type ReadMix,
  type WorkloadConfig,
} from '../services/workload-config.js';
import type { Yaml } from './describe-faults.js';
import { formatThousandths } from './schema-workload.js';

/** All of it, and cohort by cohort where there are some. */
export function workloadYaml(workload: WorkloadConfig): Readonly<Record<string, Yaml>> {
  const { cohorts } = workload;
  if (cohorts === undefined) return groupYaml(workload);
  return {
    ...groupYaml(workload),
    cohorts: Object.fromEntries(cohorts.map((cohort) => [cohort.name, groupYaml(cohort.workload)])),
  };
}

function groupYaml(workload: WorkloadConfig): Readonly<Record<string, Yaml>> {
  const { keyDistribution: keys, mix, retry } = workload;
  return {
    clients: workload.clients,
    mode: workload.mode,
    rate: `${workload.ratePerSecond}/s`,
    think: formatDurationRange(workload.thinkMinMicros, workload.thinkMaxMicros),
    keys: workload.keys,
    'key-distribution': keysYaml(keys),
    mix,
    reads: readsYaml(workload.reads),
    'attempt-timeout': formatDuration(workload.attemptTimeoutMicros),
    'operation-timeout': formatDuration(workload.operationTimeoutMicros),
    retry: {
      policy: retry.kind,
      base: formatDuration(retry.baseMicros),
      cap: formatDuration(retry.capMicros),
      jitter: formatRatio(retry.jitter),
      'max-attempts': retry.maxAttempts,
      budget: `${retry.budgetPercent}%`,
      minimum: retry.minimumPerSecond === 0 ? 'none' : `${retry.minimumPerSecond}/s`,
      ...(retry.mostPerSecond === undefined ? {} : { 'rate-limit': `${retry.mostPerSecond}/s` }),
    },
    ...(workload.burst === undefined ? {} : { bursts: burstYaml(workload.burst) }),
    ...(workload.discovery === undefined ? {} : { discovery: discoveryYaml(workload.discovery) }),
    ...(workload.priority === undefined ? {} : { priority: workload.priority }),
  };
}

function keysYaml(keys: KeyDistribution): string {
  switch (keys.kind) {
    case 'uniform':
      return 'uniform';
    case 'zipf':
      return `zipf ${formatThousandths(keys.exponentThousandths)}`;
    case 'hot':
      return `hot ${keys.hotKeys} ${keys.percent}%`;
  }
}

function burstYaml({ everyMicros, forMicros, factor }: Burst): Yaml {
  return { every: formatDuration(everyMicros), for: formatDuration(forMicros), factor };
}

function discoveryYaml(discovery: Discovery): Yaml {
  switch (discovery.kind) {
    case 'hints':
    case 'round-robin':
      return discovery.kind;
    case 'name-service':
      return { 'name-service': { ttl: formatDuration(discovery.ttlMicros) } };
    case 'load-balancer': {
      const { checkMicros, pinMicros } = discovery;
      return {
        'load-balancer': { check: formatDuration(checkMicros), pin: formatDuration(pinMicros) },
      };
    }
  }
}

/** One mode by its name, several by their weights. */
function readsYaml(reads: ReadMix): Yaml {
  const weighed = READ_MODES.filter((mode) => reads[mode] > 0);
  const [only] = weighed;
  if (weighed.length === 1 && only !== undefined) return only;
  return Object.fromEntries(READ_MODES.map((mode) => [mode, reads[mode]]));
}
