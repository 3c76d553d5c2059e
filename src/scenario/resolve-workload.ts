/** What clients do, from the YAML form to integers: one group of clients, or several. */

import { suggestion } from '../kernel/index.js';
import type { ServiceKind } from '../services/service-kind.js';
import type { Cohort, OperationMix, WorkloadConfig } from '../services/workload-config.js';
import { ProblemFound, impossible, inOrder } from './problems.js';
import { MAX_CLIENTS } from './schema-workload.js';
import type { ScenarioForm } from './schema.js';
import type { KeyPath } from './source-tree.js';

type WorkloadForm = ScenarioForm['workload'];

/** Clients of all cohorts. */
export function totalClients({ clients, cohorts }: WorkloadForm): number {
  if (cohorts === undefined) return clients;
  let total = 0;
  for (const cohort of Object.values(cohorts)) total += cohort.clients ?? clients;
  if (total <= MAX_CLIENTS) return total;
  return impossible(['workload', 'cohorts'], `at most ${MAX_CLIENTS} clients in all`, String(total));
}

export function resolveWorkload(form: WorkloadForm, service: ServiceKind): WorkloadConfig {
  const { cohorts } = form;
  if (cohorts === undefined) return resolveGroup(form, service, ['workload']);
  const groups = Object.entries(cohorts).map(([name, cohort]): Cohort => {
    const merged = { ...form, ...cohort, retry: { ...form.retry, ...cohort.retry }, cohorts: undefined };
    return { name, workload: resolveGroup(merged, service, ['workload', 'cohorts', name]) };
  });
  return { ...resolveGroup(form, service, ['workload']), clients: totalClients(form), cohorts: groups };
}

/** What one group of clients does. */
function resolveGroup(form: WorkloadForm, service: ServiceKind, path: KeyPath): WorkloadConfig {
  const { retry } = form;
  inOrder(
    [...path, 'attempt-timeout'],
    form['attempt-timeout'],
    form['operation-timeout'],
    'workload.operation-timeout',
  );
  if (service.loop === 'closed' && form.mode !== 'closed') {
    impossible(
      [...path, 'mode'],
      `closed: clients of ${service.name} go by the answers they get`,
      `'${form.mode}'`,
    );
  }
  inOrder([...path, 'retry', 'base'], retry.base, retry.cap, 'workload.retry.cap');
  return {
    clients: form.clients,
    mode: form.mode,
    ratePerSecond: form.rate,
    thinkMinMicros: form.think.minMicros,
    thinkMaxMicros: form.think.maxMicros,
    keys: form.keys,
    keyDistribution: form['key-distribution'],
    mix: resolveMix(form.mix, service, path),
    reads: form.reads,
    attemptTimeoutMicros: form['attempt-timeout'],
    operationTimeoutMicros: form['operation-timeout'],
    retry: {
      kind: retry.policy,
      baseMicros: retry.base,
      capMicros: retry.cap,
      jitter: retry.jitter,
      maxAttempts: retry['max-attempts'],
      budgetPercent: retry.budget,
      minimumPerSecond: retry.minimum,
      mostPerSecond: retry['rate-limit'] === 0 ? undefined : retry['rate-limit'],
    },
    burst: resolveBurst(form.bursts, path),
    discovery: form.discovery?.kind === 'hints' ? undefined : form.discovery,
    priority: form.priority === 'normal' ? undefined : form.priority,
  };
}

/** Weights of the service's own operations, in its order; one without a weight by default is there only if it has one. */
function resolveMix(
  given: WorkloadForm['mix'],
  { name, operations }: ServiceKind,
  path: KeyPath,
): OperationMix {
  const names = Object.keys(operations);
  const stranger = Object.keys(given ?? {}).find((operation) => !names.includes(operation));
  if (stranger !== undefined) {
    throw new ProblemFound({
      path: [...path, 'mix', stranger],
      code: 'unknown-key',
      expected: `an operation of ${name}: one of ${names.join(', ')}`,
      got: `'${stranger}'`,
      hint: suggestion(stranger, names),
    });
  }
  const weights = given ?? operations;
  const weighed = names.map((operation) => [operation, weights[operation] ?? 0] as const);
  return Object.fromEntries(
    weighed.filter(([operation, weight]) => weight > 0 || (operations[operation] ?? 0) > 0),
  );
}

function resolveBurst(form: WorkloadForm['bursts'], path: KeyPath): WorkloadConfig['burst'] {
  if (form === undefined) return undefined;
  const { every, for: lasts, factor } = form;
  inOrder([...path, 'bursts', 'for'], lasts, every, 'bursts.every');
  return { everyMicros: every, forMicros: lasts, factor };
}
