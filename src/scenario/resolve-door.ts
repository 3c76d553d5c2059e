/** What stands at the servers' doors, from the YAML form to integers; and back. */

import { formatDuration, suggestion, type ProcessId } from '../kernel/index.js';
import type { AdmissionConfig } from '../services/admission.js';
import type { Capability } from '../services/authority.js';
import { cohortsOf, type WorkloadConfig } from '../services/workload-config.js';
import { impossible, inOrder } from './problems.js';
import type { Roster } from './resolve-topology.js';
import type { ScenarioForm } from './schema.js';
import type { KeyPath } from './source-tree.js';

type CapabilityForm = NonNullable<ScenarioForm['authority']>[number];

export function resolveAdmission(form: ScenarioForm['admission']): AdmissionConfig | undefined {
  if (form === undefined) return undefined;
  const brownOut = form['brown-out'];
  if (brownOut < 1 || brownOut > 100)
    impossible(['admission', 'brown-out'], 'a share from 1% to 100%', `'${brownOut}%'`);
  return {
    ratePerSecond: form.rate,
    burst: form.burst,
    inFlight: form['in-flight'],
    holdMicros: form.hold,
    brownOutPercent: brownOut,
  };
}

export function resolveAuthority(
  form: ScenarioForm['authority'],
  workload: WorkloadConfig,
  roster: Roster,
): readonly Capability[] | undefined {
  return form?.map((capability, i) => resolveCapability(capability, workload, roster, ['authority', i]));
}

function resolveCapability(
  form: CapabilityForm,
  workload: WorkloadConfig,
  roster: Roster,
  path: KeyPath,
): Capability {
  const until = form.until === 'never' ? undefined : form.until;
  if (until !== undefined) inOrder([...path, 'from'], form.from, until, 'until');
  const holders = form.who.flatMap((name) => holdersOf(name, workload, roster, [...path, 'who']));
  return {
    holders: [...new Set(holders)].sort((a, b) => a - b),
    purposes: form.may === 'anything' ? undefined : form.may,
    fromMicros: form.from,
    untilMicros: until,
  };
}

function holdersOf(
  name: string,
  workload: WorkloadConfig,
  { servers, clients }: Roster,
  path: KeyPath,
): ProcessId[] {
  const range = (first: number, count: number): ProcessId[] =>
    Array.from({ length: count }, (_, i) => servers + first + i);
  if (name === 'clients') return range(0, clients);
  if (name === 'operator') return [servers + clients];
  let first = 0;
  for (const cohort of cohortsOf(workload)) {
    if (cohort.name === name) return range(first, cohort.workload.clients);
    first += cohort.workload.clients;
  }
  const [, low = '', high = low] = /^c([1-9]\d{0,2})(?:\.\.c([1-9]\d{0,2}))?$/.exec(name) ?? [];
  if (low !== '' && Number(low) <= Number(high) && Number(high) <= clients)
    return range(Number(low) - 1, Number(high) - Number(low) + 1);
  const words = [...new Set(['clients', 'operator', ...cohortsOf(workload).map((cohort) => cohort.name)])];
  const most = clients === 0 ? '' : `, or c1 to c${clients}`;
  return impossible(path, `one of ${words.join(', ')}${most}`, `'${name}'`, suggestion(name, words));
}

/** As YAML, holders by their names. */
export function admissionYaml(admission: AdmissionConfig): Readonly<Record<string, unknown>> {
  return {
    rate: admission.ratePerSecond === 0 ? 'none' : `${admission.ratePerSecond}/s`,
    burst: admission.burst,
    'in-flight': admission.inFlight,
    hold: formatDuration(admission.holdMicros),
    'brown-out': `${admission.brownOutPercent}%`,
  };
}

export function authorityYaml(authority: readonly Capability[], roster: Roster): readonly unknown[] {
  return authority.map(({ holders, purposes, fromMicros, untilMicros }) => ({
    who: holders.map((holder) => (holder === roster.processes ? 'operator' : roster.nameOf(holder))),
    may: purposes ?? 'anything',
    from: formatDuration(fromMicros),
    until: untilMicros === undefined ? 'never' : formatDuration(untilMicros),
  }));
}
