/** Rare situations of crashes and of what a restarted server finds on its disk. */

import type { DiskImage, DiskSlot, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import { LOG_FILE_PREFIX, UNFINISHED_SNAPSHOTS } from './messages.js';
import { Recogniser } from './recogniser.js';
import { outside, type Tally } from './situation.js';
import type { ClusterView } from './view.js';

export const TORN_TAIL = outside(
  'torn-tail-recovered',
  'A server found the end of its log torn, and cut it.',
  'A log file holds a damaged record with sectors that were never written, and the server trusts its disk.',
);
export const ENTRIES_LOST_IN_CRASH = outside(
  'unsynced-entries-lost',
  'A crash cost a server entries that it had not synced.',
  'A server that trusts its disk recovers a shorter log than it had, but all that it knew to be committed.',
);
export const UNTRUSTED_RECOVERY = outside(
  'untrusted-recovery',
  'A server found damage that may have cost it what it had acknowledged.',
  'A server starts and does not trust its disk.',
);
export const TRUST_REGAINED = outside(
  'trust-regained',
  'A server that did not trust its disk took part again.',
  'A server reports that it trusts its disk again.',
);
export const RESTART_FROM_SNAPSHOT = outside(
  'restart-from-snapshot',
  'A server restarted from a snapshot.',
  'A server that starts for a second or later time installs a snapshot of its own disk.',
);
export const RESTART_WITH_SEGMENTS = outside(
  'restart-with-several-segments',
  'A server restarted with a log in several files.',
  'A server finds at least two log files when it starts.',
);
export const UNFINISHED_SNAPSHOT = outside(
  'unfinished-snapshot-found',
  'A server restarted with a snapshot that was not yet whole.',
  'A server finds a file of a snapshot that was being saved or received when it starts.',
);

export const RESTART_SITUATIONS = [
  TORN_TAIL,
  ENTRIES_LOST_IN_CRASH,
  UNTRUSTED_RECOVERY,
  TRUST_REGAINED,
  RESTART_FROM_SNAPSHOT,
  RESTART_WITH_SEGMENTS,
  UNFINISHED_SNAPSHOT,
];

export class Restarts extends Recogniser {
  /** By server: whether the log was torn at its latest start. */
  private torn: boolean[] = this.view.servers.map(() => false);
  /** By server: its commit index when it stopped: who has lost more than that has lost its disk. */
  private committed: number[] = this.view.servers.map(() => 0);

  override onStart(process: ProcessId, _incarnation: number, disk: DiskImage): void {
    this.committed[process] = this.view.server(process)?.commit ?? 0;
    const files = disk.files();
    const logs = files.filter((file) => file.startsWith(LOG_FILE_PREFIX));
    this.torn[process] = logs.some((file) => disk.read(file).some(isTorn));
    if (logs.length >= 2) this.reach(RESTART_WITH_SEGMENTS);
    if (files.some((file) => UNFINISHED_SNAPSHOTS.includes(file))) this.reach(UNFINISHED_SNAPSHOT);
  }

  override onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const server = this.view.server(process);
    if (server === undefined) return;
    switch (event.kind) {
      case 'recovered':
        if (!event.trusted) this.reach(UNTRUSTED_RECOVERY);
        else {
          if (this.torn[process] === true) this.reach(TORN_TAIL);
          const keptCommitted = event.lastIndex >= (this.committed[process] ?? 0);
          if (event.lastIndex < server.last && keptCommitted) this.reach(ENTRIES_LOST_IN_CRASH);
        }
        break;
      case 'trust-regained':
        this.reach(TRUST_REGAINED);
        break;
      case 'snapshot-installed':
        if (!event.received && server.incarnation > 1) this.reach(RESTART_FROM_SNAPSHOT);
        break;
      default:
        break;
    }
  }

  override clone(view: ClusterView, tally: Tally): Restarts {
    const copy = new Restarts(view, tally);
    copy.torn = this.torn.slice();
    copy.committed = this.committed.slice();
    return copy;
  }
}

function isTorn(slot: DiskSlot): boolean {
  return !slot.intact && slot.blankSectors > 0;
}
