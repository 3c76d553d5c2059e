/** Nobody is sent what he may not understand. */

import type { ProcessId } from '../../kernel/index.js';
import type { Entry } from '../../protocols/raft/index.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const VERSION_GATE = raftSafety(
  'version-gate',
  'What needs a later protocol version is used only after every member has announced that version.',
  'An entry that leaves in AppendEntries and needs a version above 1 comes after the entry that activated that version was applied somewhere. An entry that activates a version leaves only after each member of the latest committed configuration has announced, in an entry of the log, that it understands that version. Judged at every send.',
  'Ongaro, dissertation, §4.1 on mixed versions in a cluster; CockroachDB, "Cluster versions" (design)',
);

export class VersionGate extends RaftChecker {
  override readonly info = VERSION_GATE;

  onEntry(process: ProcessId, entry: Entry): void {
    const { activeVersion } = this.ghost;
    if (entry.version <= activeVersion) return;
    if (entry.system?.kind !== 'activate') {
      this.violate(
        `${this.ghost.name(process)} sent an entry at index ${entry.index} that needs version ${entry.version}, but only ` +
          `version ${activeVersion} is activated`,
      );
      return;
    }
    const silent = this.ghost.memberBelow(entry.version);
    if (silent < 0) return;
    this.violate(
      `${this.ghost.name(process)} sent the activation of version ${entry.version}, which ${this.ghost.name(silent)} has ` +
        'not announced',
    );
  }
}
