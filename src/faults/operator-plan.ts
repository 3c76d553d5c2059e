/**
 * What an operator is to do, as data: a playbook of steps in order, and operations drawn at random. Resolved to
 * integers; every step has an id, which is the semantic key of its decisions.
 */

import type { Micros, ProcessId, Ratio } from '../kernel/index.js';

/** One server; all but `node` are resolved when the step begins. */
export type OperatorTarget =
  | { readonly kind: 'node'; readonly node: ProcessId }
  /** The server that last became leader and is up. */
  | { readonly kind: 'leader' }
  | { readonly kind: 'random' }
  /** Voters and learners of the configuration in force; everybody else. */
  | { readonly kind: 'random-member' }
  | { readonly kind: 'random-spare' }
  | { readonly kind: 'random-learner' }
  /** A server whose disk is blank. */
  | { readonly kind: 'random-blank' };

/** Verbs that ask the cluster for something about one server. */
export type MemberVerb = 'add-learner' | 'add-voter' | 'promote' | 'demote' | 'remove';

/** What makes a canary be rolled back: either is enough. */
export interface CanaryTrigger {
  /** The process halted or refused to run more often than this. */
  readonly failures: number;
  /** Operations that ended ok while watching were less than this share of those in the time before. */
  readonly okBelow: Ratio;
}

export type OperatorAction =
  /** `to` undefined: the leader chooses. */
  | { readonly do: 'transfer-leadership'; readonly to: OperatorTarget | undefined }
  | { [V in MemberVerb]: { readonly do: V; readonly on: OperatorTarget } }[MemberVerb]
  /** Swaps one server for another in one joint change. */
  | { readonly do: 'replace'; readonly from: OperatorTarget; readonly to: OperatorTarget }
  /** Any configuration; `voters` undefined: drawn by chance. */
  | {
      readonly do: 'change';
      readonly voters: readonly ProcessId[] | undefined;
      readonly learners: readonly ProcessId[];
      readonly joint: boolean;
      readonly autoLeave: boolean;
    }
  | { readonly do: 'leave-joint' }
  /** Asked of the server itself. */
  | { readonly do: 'snapshot'; readonly on: OperatorTarget }
  | { readonly do: 'activate-version'; readonly version: number }
  /** Stops the process cleanly and starts it again with that version; undefined: drawn, never a lower one. */
  | {
      readonly do: 'upgrade';
      readonly on: OperatorTarget;
      readonly to: number | undefined;
      readonly forMicros: Micros;
    }
  /** Formats a blank disk for the server's next identity, and starts it. */
  | { readonly do: 'format-disk'; readonly on: OperatorTarget }
  /** Formats a blank disk, removes the old identity and adds the new one as a voter. */
  | { readonly do: 'replace-disk'; readonly on: OperatorTarget }
  /** One server after another. */
  | {
      readonly do: 'rolling-upgrade';
      readonly to: number;
      readonly forMicros: Micros;
      readonly pauseMicros: Micros;
    }
  /** Upgrades one server and watches: rolls it back when a trigger fires, else upgrades the others. */
  | {
      readonly do: 'canary';
      readonly on: OperatorTarget;
      readonly to: number;
      readonly forMicros: Micros;
      readonly pauseMicros: Micros;
      readonly watchMicros: Micros;
      readonly trigger: CanaryTrigger;
    };

export type OperatorVerb = OperatorAction['do'];

/** One step of the playbook: begins at `atMicros` or when the step before is over, whichever is later. */
export interface OperatorStep {
  /** Position in the plan, e.g. `playbook.2`. */
  readonly id: string;
  readonly atMicros: Micros;
  /** Given up after this long. */
  readonly withinMicros: Micros;
  readonly action: OperatorAction;
}

/** Operations drawn by weight, again and again; the gap is counted from the end of the one before. */
export interface RandomOperations {
  readonly everyMinMicros: Micros;
  readonly everyMaxMicros: Micros;
  readonly withinMicros: Micros;
  /** Not empty; weights above 0. */
  readonly actions: readonly { readonly weight: number; readonly action: OperatorAction }[];
}

export interface OperatorPlan {
  readonly playbook: readonly OperatorStep[];
  readonly random: RandomOperations | undefined;
}

/** Verbs that make sense only where the protocol formats disks. */
export const FORMATTING_VERBS: ReadonlySet<OperatorVerb> = new Set<OperatorVerb>([
  'format-disk',
  'replace-disk',
]);

/** Every action of a plan, with the key path at which the scenario says it. */
export function actionsOf({ playbook, random }: OperatorPlan): { path: string; action: OperatorAction }[] {
  const drawn = (random?.actions ?? []).map(({ action }) => ({
    path: `random.actions.${action.do}`,
    action,
  }));
  return [...playbook.map(({ id, action }) => ({ path: id, action })), ...drawn];
}
