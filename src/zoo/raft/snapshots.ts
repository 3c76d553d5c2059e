/** Raft bugs in snapshots and compaction: saving, sending, installing. */

import { KeyValueStore, SessionedService } from '../../services/index.js';
import type { Plain } from '../../kernel/index.js';
import {
  RaftReplica,
  SnapshotStore,
  initialConfiguration,
  type LogIndex,
  type Progress,
  type Snapshot,
  type SnapshotHeader,
} from '../../protocols/raft/index.js';
import type { Bug } from '../bug.js';
import { raftBug } from './raft-bug.js';

/** What was applied is taken to be one entry less than the state has in it. */
class AppliedIndexBehindState extends RaftReplica {
  protected override adoptState(snapshot: Snapshot, isReceived: boolean): void {
    super.adoptState(snapshot, isReceived);
    if (!isReceived && this.log.has(this.lastApplied)) this.lastApplied--;
  }
}

/** The snapshot gets its name before its content is synced. */
class HastySnapshotStore extends SnapshotStore {
  protected override place(snapshot: Snapshot, isReceived: boolean): void {
    this.rename(snapshot, isReceived);
  }
}

class RenamedBeforeSync extends RaftReplica {
  protected override snapshots: SnapshotStore = new HastySnapshotStore(this.host);
}

/** The log is kept if it reaches as far as the snapshot, whether or not it has the same entry there. */
class ConflictingTailKept extends RaftReplica {
  protected override adoptLog(header: SnapshotHeader): void {
    if (!this.log.has(header.index)) super.adoptLog(header);
  }
}

/** A log that ends before the snapshot stays as it is, and goes on behind the snapshot. */
class GapBehindLog extends RaftReplica {
  protected override adoptLog(header: SnapshotHeader): void {
    if (this.log.has(header.index)) super.adoptLog(header);
  }
}

/** The snapshot says nothing of later configurations than the cluster's first one. */
class ConfigurationNotInSnapshot extends RaftReplica {
  protected override snapshotHeader(): SnapshotHeader {
    const configuration = initialConfiguration(this.members);
    return { ...super.snapshotHeader(), configuration, configurationIndex: 0, history: [] };
  }
}

/** The snapshot has the latest configuration of the log, which its index does not cover yet. */
class LatestConfigurationInSnapshot extends RaftReplica {
  protected override snapshotHeader(): SnapshotHeader {
    const { configuration } = this;
    return { ...super.snapshotHeader(), configuration };
  }
}

/** The snapshot says that its configuration is as new as itself. */
class SnapshotIndexForConfiguration extends RaftReplica {
  protected override snapshotHeader(): SnapshotHeader {
    return { ...super.snapshotHeader(), configurationIndex: this.lastApplied };
  }
}

/** The configuration that was in force before stays in force, although the snapshot is newer. */
class ConfigurationSurvivesInstall extends RaftReplica {
  protected override adoptConfiguration(header: SnapshotHeader): void {
    const { index } = this.configurations.latest;
    if (index === 0) super.adoptConfiguration(header);
  }
}

/** Pieces are taken in whatever order they come. */
class PiecesInAnyOrder extends RaftReplica {
  protected override isNextPiece(): boolean {
    return true;
  }
}

/** A piece that is not answered is waited for, for ever. */
class LostPieceNeverRepeated extends RaftReplica {
  protected override sendSnapshot(peer: Progress): void {
    if (peer.state !== 'snapshot' || peer.pieceAge === 0) super.sendSnapshot(peer);
  }
}

/** How much is compacted goes by the end of the log, not by the snapshot. */
class CompactsByEndOfLog extends RaftReplica {
  protected override compactionIndex(): LogIndex {
    return this.log.lastIndex - this.settings.retainedEntries;
  }
}

/** The session table is left out of snapshots. */
class SessionsNotInSnapshot extends SessionedService {
  protected override restoreSessions(snapshot: Plain): void {
    super.restoreSessions(snapshot);
    this.sessions.clear();
  }
}

export const SNAPSHOT_BUGS: readonly Bug[] = [
  raftBug(AppliedIndexBehindState, {
    id: 'R50-applied-index-behind-state',
    title:
      'State and applied index are not saved together, and after a restart an entry is applied a second time.',
    source: 'etcd issues 13766 and 13967, and the report on data inconsistency in etcd 3.5',
    invariants: ['any/apply-order'],
    scenario: 'raft/snapshot-on-bad-disks',
  }),
  raftBug(RenamedBeforeSync, {
    id: 'R51-renamed-before-sync',
    title: 'A snapshot gets its name before it is on disk, and a power failure leaves a torn one.',
    source: 'consul issue 3362; redisraft issue 654',
    invariants: ['raft/snapshot-before-compaction', 'raft/acknowledged-durable', 'raft/ack-durable'],
    scenario: 'raft/snapshot-on-bad-disks',
  }),
  raftBug(ConflictingTailKept, {
    id: 'R52-conflicting-tail-kept',
    title: 'Installing a snapshot keeps a log that conflicts with it.',
    source: 'hashicorp/raft issue 697; openraft pull request 559 and issue 753',
    invariants: ['raft/log-contiguous', 'any/no-crash'],
    scenario: 'raft/reconfiguration-in-incident',
  }),
  raftBug(GapBehindLog, {
    id: 'R54-gap-behind-log',
    title: 'A log that ends before an installed snapshot is kept, with a gap between the two.',
    source: 'redisraft issue 43; camunda issues 3573 and 4451',
    invariants: ['raft/log-matching', 'any/progress', 'any/convergence'],
    scenario: 'raft/snapshot-to-laggard',
  }),
  raftBug(ConfigurationNotInSnapshot, {
    id: 'R55-configuration-not-in-snapshot',
    title: "Snapshots carry the cluster's first configuration instead of the one in force.",
    source: 'swarmkit pull request 238; async-raft issue 133',
    invariants: ['raft/snapshot-content', 'raft/acknowledged-durable', 'raft/leader-completeness'],
    scenario: 'raft/reconfiguration-in-incident',
  }),
  raftBug(ConfigurationSurvivesInstall, {
    id: 'R57-configuration-survives-install',
    title: 'A server goes on with its own old configuration after it has installed a newer snapshot.',
    source: 'openraft issue 1808',
    invariants: ['raft/configuration-effective', 'raft/leader-completeness', 'raft/election-safety'],
    scenario: 'raft/learner-storm',
  }),
  raftBug(LostPieceNeverRepeated, {
    id: 'R59-lost-piece-never-repeated',
    title: 'The leader waits for ever for the answer to a piece of a snapshot.',
    source: 'etcd issue 10225; dgraph pull request 2707',
    invariants: ['any/convergence', 'any/progress'],
    scenario: 'raft/snapshot-to-laggard',
  }),
  raftBug(CompactsByEndOfLog, {
    id: 'R62-compacts-by-end-of-log',
    title: 'The range to compact is computed from the end of the log and may go beyond the snapshot.',
    source: 'hashicorp/raft issue 358',
    invariants: ['any/no-crash'],
    scenario: 'raft/snapshot-to-laggard',
  }),
  {
    id: 'R63b-sessions-not-in-snapshot',
    protocol: 'raft',
    title: 'Snapshots leave the session table out, and a retry is executed a second time.',
    source: "the rule is in Ongaro's dissertation §6.3: sessions are part of the replicated state",
    invariants: ['any/state-digest', 'any/duplicate-effect', 'any/exactly-once'],
    scenario: 'raft/snapshot-to-laggard',
    service: 'kv',
    createService: ({ sessions }) => new SessionsNotInSnapshot(new KeyValueStore(), sessions),
  },
  raftBug(LatestConfigurationInSnapshot, {
    id: 'R55b-latest-configuration-saved',
    title: 'Snapshots carry a configuration that is not committed yet.',
    source: "matrixone issue 23281; the rule is in Ongaro's dissertation §5.1",
    invariants: ['raft/snapshot-content'],
    scenario: 'raft/reconfiguration-in-incident',
  }),
  raftBug(SnapshotIndexForConfiguration, {
    id: 'R58-snapshot-index-for-configuration',
    title: 'A snapshot carries its own index in place of that of its configuration.',
    source: 'matrixone issue 24966',
    invariants: ['raft/snapshot-content'],
    scenario: 'raft/snapshot-to-laggard',
  }),
  raftBug(PiecesInAnyOrder, {
    id: 'R62b-pieces-in-any-order',
    title: 'Pieces of a snapshot are put together in the order in which they come.',
    source: 'camunda issue 4346; rocketmq-rust pull request 4992',
    invariants: ['any/progress', 'any/convergence'],
    scenario: 'raft/snapshot-to-laggard',
  }),
];
