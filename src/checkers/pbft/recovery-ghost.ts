/** Ghost of one replica's proactive recoveries and of its keys for MACs. */

import { mix32, type Micros } from '../../kernel/index.js';

/** A change of keys: certificates in later records of the journal rest on what was said under these, or later, ones. */
interface Refresh {
  readonly epoch: number;
  readonly records: number;
}

/** Changes of keys that are remembered: a record is durable long before as many have come. */
const REMEMBERED = 8;

export class RecoveryGhost {
  /** Of its latest recovery; 0: none. */
  number = 0;
  /** When its watchdog struck, or it began to recover; -1: it does not recover. */
  since: Micros = -1;
  /** Number of the latest recovery for which it has changed its own keys, and their epoch. */
  refreshedFor = 0;
  epoch = 0;
  /** In its present life, the latest last. */
  private refreshes: readonly Refresh[] = [];

  /** Its watchdog has struck, or it begins. */
  begin(now: Micros): void {
    if (this.since < 0) this.since = now;
  }

  refresh(epoch: number, records: number): void {
    this.epoch = epoch;
    this.refreshes = [...this.refreshes.slice(-REMEMBERED + 1), { epoch, records }];
  }

  /**
   * What it held in memory is gone, and so is a strike of its watchdog that was not on the disk yet: its crash has cost it
   * that recovery, and it makes up for it in its next turn. Of one that may have been faulty until now nothing was heard
   * that could end a recovery.
   */
  restart(wasFaulty: boolean, isPromised: boolean): void {
    this.refreshes = [];
    if (wasFaulty || !isPromised) this.since = -1;
  }

  /** The keys that what became a certificate in this record must have been said under, at least. */
  leastEpoch(position: number): number {
    let least = 0;
    for (const { epoch, records } of this.refreshes) if (records < position) least = epoch;
    return least;
  }

  hash(seed: number): number {
    return mix32(mix32(mix32(seed, this.number), this.since), this.epoch);
  }

  clone(): RecoveryGhost {
    const copy = new RecoveryGhost();
    copy.number = this.number;
    copy.since = this.since;
    copy.refreshedFor = this.refreshedFor;
    copy.epoch = this.epoch;
    copy.refreshes = this.refreshes;
    return copy;
  }
}
