/** Every server acts by the latest configuration of its log. */

import type { Membership, ProcessId } from '../../kernel/index.js';
import type { LogIndex } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { sameMembership } from './quorum.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const CONFIGURATION_EFFECTIVE = raftSafety(
  'configuration-effective',
  'A server acts by the latest configuration in its log, committed or not.',
  "Whenever a server's commit index moves, the configuration that it acts by is that of the last configuration entry in its log; where there is none, that of its snapshot; else the initial one. A configuration entry that is removed with the tail of the log gives way to the one before. The members are those of the entry. Judged at every commit and every change of configuration; entries are known from leaders, messages and disks.",
  '§6: a server always uses the latest configuration in its log',
);

export class ConfigurationEffective extends RaftChecker {
  override readonly info = CONFIGURATION_EFFECTIVE;

  onCommit(process: ProcessId, server: ServerGhost): void {
    const { dueConfiguration, configurationIndex } = server;
    if (dueConfiguration === configurationIndex) return;
    this.violate(
      `${this.ghost.name(process)} acts by the configuration of index ${configurationIndex}, but the latest in its log is ` +
        `that of index ${dueConfiguration}`,
    );
  }

  onChanged(process: ProcessId, server: ServerGhost, index: LogIndex, configuration: Membership): void {
    const known = this.ghost.configurationEntries.find(index, server.memory.termAt(index));
    if (known === undefined || sameMembership(known, configuration)) return;
    this.violate(
      `${this.ghost.name(process)} acts by other members than those of the configuration entry at index ${index}`,
    );
  }
}
