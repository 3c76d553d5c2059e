/**
 * The failure model: the faults under which a scenario's properties are promised. A plan that goes beyond
 * it is refused, or run on purpose; either way the user is told which entry takes away which assumption.
 *
 * Only the plan is judged here. What links do by themselves (loss, duplication) is part of the network's
 * configuration, and the budgets of disk damage are kept by the nemesis.
 */

import { leastLiars, type ByzantineVerb } from './byzantine/plan.js';
import { catalogueEntry } from './catalogue.js';
import type { FaultClass, FaultPlan, FaultVerb } from './plan.js';

/** The faults under which the scenario's properties are promised. */
export interface FailureModel {
  /** Servers crash, restart, stand still or slow down; any number of them, for a while. */
  readonly crash: boolean;
  /** Loss, duplication, reordering, corruption, partitions. */
  readonly network: boolean;
  /** The worst that disks do: nothing; damage that can be noticed; silent loss of what was confirmed. */
  readonly disk: 'none' | 'detectable' | 'amnesia';
  readonly clock: boolean;
  /** Byzantine replicas tolerated. */
  readonly byzantine: number;
}

/** One entry of a plan that lies outside the declared model. */
export interface ModelBreach {
  /** The entry's id, e.g. `schedule.2`. */
  readonly id: string;
  readonly verb: FaultVerb | ByzantineVerb;
  readonly faultClass: FaultClass | 'byzantine';
  /** One sentence: what was asked, which assumption it takes away, what would allow it. */
  readonly message: string;
}

/**
 * The entries outside the model, in the plan's order: first the schedule, then the random faults, then liars, of whom
 * those that come after as many as are borne are too many.
 */
export function checkPlan(plan: FaultPlan, model: FailureModel): ModelBreach[] {
  const breaches: ModelBreach[] = [];
  for (const { id, action } of [...plan.schedule, ...plan.random]) {
    const { faultClass, repairs } = catalogueEntry(action.do);
    if (repairs || isAllowed(faultClass, model)) continue;
    breaches.push({ id, verb: action.do, faultClass, message: explain(id, action.do, faultClass, model) });
  }
  breaches.push(...tooManyLiars(plan, model));
  return breaches;
}

function tooManyLiars({ byzantine }: FaultPlan, model: FailureModel): ModelBreach[] {
  const breaches: ModelBreach[] = [];
  byzantine.forEach(({ id, action }, entry) => {
    const liars = leastLiars(byzantine.slice(0, entry + 1));
    if (liars <= model.byzantine) return;
    const message =
      `'${action.do}' (${id}) makes ${liars} replicas lie, but the failure model ` +
      (model.byzantine === 0 ? 'knows no liars' : `bears no more than ${model.byzantine}`) +
      ` (model.byzantine: ${model.byzantine}; it needs ${liars})`;
    breaches.push({ id, verb: action.do, faultClass: 'byzantine', message });
  });
  return breaches;
}

function isAllowed(faultClass: FaultClass, model: FailureModel): boolean {
  switch (faultClass) {
    case 'process':
      return model.crash;
    case 'network':
      return model.network;
    case 'disk-detectable':
      return model.disk !== 'none';
    case 'disk-amnesia':
      // A replica that forgets what it has promised is one of those that may do anything.
      return model.disk === 'amnesia' || model.byzantine > 0;
    case 'clock':
      return model.clock;
  }
}

function explain(id: string, verb: FaultVerb, faultClass: FaultClass, model: FailureModel): string {
  const subject = `'${verb}' (${id})`;
  switch (faultClass) {
    case 'process':
      return `${subject} is a process fault, but the failure model says that processes keep running (model.crash: false)`;
    case 'network':
      return `${subject} is a network fault, but the failure model says that links are reliable (model.network: false)`;
    case 'disk-detectable':
      return `${subject} damages or hinders a disk, but the failure model says that disks work (model.disk: none; it needs detectable)`;
    case 'disk-amnesia':
      return `${subject} makes a disk forget what it confirmed, but the failure model excludes that (model.disk: ${model.disk}; it needs amnesia)`;
    case 'clock':
      return `${subject} disturbs a clock, but the failure model says that clocks stay within their bounds (model.clock: false)`;
  }
}
