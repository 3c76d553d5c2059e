/**
 * Configurations: who takes part, by number from 0. A statement names the number of the configuration in which it is
 * made, so the word of one configuration never counts in another.
 *
 * Views are numbered through all configurations: those of number c begin at c × {@link VIEWS}. So views only grow,
 * and a view tells its configuration.
 */

import { MEMBER_GENERATION, type ProcessId } from '../../kernel/index.js';
import type { View } from './messages.js';
import { quorumOf, type Quorum } from './quorum.js';

/** Views that a configuration has: far more than it can enter. */
export const VIEWS = 1_048_576;

export class Configuration {
  /** Processes of the members. A replica's number is its place in here. */
  readonly processes: readonly ProcessId[];
  readonly quorum: Quorum;
  readonly firstView: View;
  private readonly ranks: Int8Array;

  constructor(
    readonly number: number,
    /** Member ids: the process, plus MEMBER_GENERATION times how often its disk was formatted anew. */
    readonly members: readonly number[],
    /** How many may be faulty; undefined: as many as so many members can bear. */
    readonly faulty: number | undefined,
  ) {
    this.processes = members.map((member) => member % MEMBER_GENERATION);
    this.quorum = quorumOf(members.length, faulty);
    this.firstView = number * VIEWS;
    const most = this.processes.reduce((highest, process) => Math.max(highest, process), 0);
    this.ranks = new Int8Array(most + 1).fill(-1);
    this.processes.forEach((process, rank) => (this.ranks[process] = rank));
  }

  /** Number of the replica that this process is; -1: it is none. */
  rankOf(process: ProcessId): number {
    // Asked for what lies beyond, V8 would throw the compiled code of every caller away, again and again.
    return process < this.ranks.length ? (this.ranks[process] ?? -1) : -1;
  }

  /** Number of the primary of one of this configuration's views (OSDI 1999, §4.1). */
  primaryOf(view: View): number {
    return (view - this.firstView) % this.members.length;
  }

  /** True for the views of this configuration. */
  hasView(view: View): boolean {
    return configurationOf(view) === this.number;
  }
}

/** Number of the configuration that the view is one of. */
export function configurationOf(view: View): number {
  return Math.floor(view / VIEWS);
}
