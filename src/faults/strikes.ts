/**
 * The faults in force, in the order in which they struck: what the world has to look like follows from
 * them. Strikes are immutable; a change replaces one, so a clone shares them.
 */

import type { Plain, ProcessId } from '../kernel/index.js';
import type { Groups } from './aim.js';
import type { FaultAction, FaultVerb } from './plan.js';

/** One fault that has struck and has not ended. */
export interface Strike {
  /** Unique in a run, e.g. `random.1/4`: the entry's id and which of its strikes this is. */
  readonly key: string;
  /** The plan entry's id. */
  readonly id: string;
  readonly action: FaultAction;
  readonly groups: Groups;
  /** False while a flapping isolation lets messages through; true for all others. */
  readonly isCutting: boolean;
}

/** The processes that a strike of a verb with `on` holds. */
export function targetsOf(strike: Strike): readonly ProcessId[] {
  return strike.groups[0] ?? [];
}

export class StrikesInForce {
  constructor(private list: readonly Strike[] = []) {}

  all(): readonly Strike[] {
    return this.list;
  }

  find(key: string): Strike | undefined {
    return this.list.find((strike) => strike.key === key);
  }

  add(strike: Strike): void {
    this.list = [...this.list, strike];
  }

  remove(key: string): void {
    this.list = this.list.filter((strike) => strike.key !== key);
  }

  /** Puts another state of a strike in its place. */
  replace(strike: Strike): void {
    this.list = this.list.map((other) => (other.key === strike.key ? strike : other));
  }

  clear(): void {
    this.list = [];
  }

  /** The latest strike of one of these verbs that holds the process. */
  latest(verbs: readonly FaultVerb[], process: ProcessId): Strike | undefined {
    return this.list.findLast(
      (strike) => verbs.includes(strike.action.do) && targetsOf(strike).includes(process),
    );
  }

  /** Takes these processes out of every strike of these verbs; a strike that holds nobody is over. */
  release(verbs: readonly FaultVerb[], processes: readonly ProcessId[]): void {
    this.list = this.list.flatMap((strike) => {
      if (!verbs.includes(strike.action.do)) return [strike];
      const held = targetsOf(strike).filter((process) => !processes.includes(process));
      return held.length === 0 ? [] : [{ ...strike, groups: [held] }];
    });
  }

  clone(): StrikesInForce {
    return new StrikesInForce(this.list);
  }

  encode(): Plain {
    return this.list.map(({ key, action, groups, isCutting }) => ({
      key,
      verb: action.do,
      groups,
      isCutting,
    }));
  }
}
