/**
 * Snapshots and compaction: a server saves its state by itself, then forgets the part of the log that the
 * snapshot covers but for a tail; a leader sends its snapshot, piece by piece, to a follower that lacks what has
 * been forgotten.
 *
 * Source: Ongaro and Ousterhout, extended version, §7; Ongaro's dissertation §5. A snapshot is durable before
 * anything is compacted, and only what has been applied is. The pieces of one snapshot (same index, term,
 * length and checksum) may come from several leaders, and go on after a restart: equal states have equal texts.
 */

import { assert, plainBytes, type ProcessId } from '../../kernel/index.js';
import type {
  Entry,
  InstallSnapshot,
  InstallSnapshotResponse,
  LogIndex,
  MemberVersion,
  SnapshotHeader,
  Term,
} from './messages.js';
import type { Progress } from './progress.js';
import { RaftReads } from './reads.js';
import { Snapshot, SnapshotStore } from './snapshot-store.js';

export const SNAPSHOT_TIMER = 'snapshot';

/**
 * A piece that is not answered is sent again after so many heartbeats, and twice as many each further time: on
 * a link that is too thin for it, copies would else queue up faster than they get through. What was sent after it
 * and has been answered has got through, so the piece has not: then there is nothing to wait for (as RFC 9002,
 * section 6.1, tells lost packets), and on a link that loses much a transfer would else come to stand still.
 */
const PIECE_PATIENCE = 3;
const MOST_DOUBLINGS = 5;

export abstract class RaftSnapshots extends RaftReads {
  protected snapshots: SnapshotStore = new SnapshotStore(this.host);
  /** Bytes of the entries applied since the latest snapshot was made. */
  protected bytesApplied = 0;
  /** Index of the latest snapshot begun. */
  protected savedIndex: LogIndex = 0;
  /** Who sent the piece that completed a snapshot, to be told when it is installed. */
  protected installFor:
    { readonly leader: ProcessId; readonly term: Term; readonly round: number } | undefined = undefined;

  protected abstract activeVersion: number;
  protected abstract announcedVersions(): readonly MemberVersion[];
  protected abstract restoreVersions(header: SnapshotHeader): void;

  // ---- saving ----

  protected startSnapshotTimer(): void {
    const { snapshotIntervalMicros } = this.settings;
    if (snapshotIntervalMicros === 0) return;
    this.host.setTimer(SNAPSHOT_TIMER, snapshotIntervalMicros, snapshotIntervalMicros);
  }

  protected snapshotTimedOut(): void {
    this.startSnapshotTimer();
    this.saveSnapshot();
  }

  /** Counts what was applied, and saves when it has become enough. */
  protected override noteApplied(entry: Entry): void {
    this.bytesApplied += entry.bytes;
  }

  protected saveSnapshotIfDue(): void {
    const { snapshotEntries, snapshotBytes } = this.settings;
    const isDue =
      (snapshotEntries > 0 && this.lastApplied - this.savedIndex >= snapshotEntries) ||
      (snapshotBytes > 0 && this.bytesApplied >= snapshotBytes);
    if (isDue) this.saveSnapshot();
  }

  /** Begins to save the state as it is now; false when there is nothing new or another one is being written. */
  protected saveSnapshot(): boolean {
    if (this.lastApplied <= this.snapshots.index || this.snapshots.isBusy) return false;
    const state = this.service.snapshot();
    const header = this.snapshotHeader();
    this.savedIndex = header.index;
    this.bytesApplied = 0;
    const bytes = this.service.snapshotBytes?.() ?? plainBytes(state);
    this.snapshots.save(new Snapshot(header, state), bytes);
    return true;
  }

  protected snapshotHeader(): SnapshotHeader {
    const index = this.lastApplied;
    const { index: configurationIndex, configuration } = this.configurations.at(index);
    return {
      index,
      term: this.log.termAt(index),
      timeMicros: this.appliedTime,
      configuration,
      configurationIndex,
      history: this.configurations.historyAt(index),
      activeVersion: this.activeVersion,
      announced: this.announcedVersions(),
      digest: this.stateDigest(),
      systemDigest: this.systemDigest,
    };
  }

  /** A snapshot, one's own or a received one, is durable. */
  protected snapshotPlaced(snapshot: Snapshot, isReceived: boolean): void {
    const { index, term } = snapshot.header;
    this.emit({ kind: 'snapshot-saved', index, term, received: isReceived });
    if (isReceived) this.install(snapshot);
    this.compact();
  }

  // ---- compaction ----

  /** Forgets the log before the snapshot but for a tail. Never what has not been applied, or is not durable. */
  protected compact(): void {
    const { log, storage } = this;
    const index = this.compactionIndex();
    if (index <= log.baseIndex || !log.has(index)) return;
    assert(index <= this.lastApplied, 'only what has been applied is compacted');
    this.configurations.forgetBefore(index);
    log.compactTo(index);
    this.emit({ kind: 'compacted', index, term: log.baseTerm });
    if (storage.hasOpenSegment) {
      storage.startSegment(log.lastIndex, log.lastTerm, false);
      storage.syncWal();
    }
    storage.removeSegmentsBelow(index);
  }

  /** Up to where: the tail behind the snapshot stays. */
  protected compactionIndex(): LogIndex {
    return Math.min(this.snapshots.index - this.settings.retainedEntries, this.compactionLimit());
  }

  /** A leader keeps what a follower needs after the snapshot that it is receiving, while he answers. */
  protected compactionLimit(): LogIndex {
    let limit = this.snapshots.index;
    if (this.role !== 'leader') return limit;
    const patience = this.host.monotonicNow() - 4 * this.settings.electionTimeoutMicrosMax;
    for (const { snapshot, lastAnswer } of this.peers) {
      const index = snapshot?.header.index ?? limit;
      if (index < limit && lastAnswer > patience) limit = index;
    }
    return limit;
  }

  // ---- leader: sending ----

  protected override sendSnapshot(peer: Progress): void {
    const { current } = this.snapshots;
    // Compacted means that there is one; until a first piece is sent it may be a newer one each time.
    if (current === undefined) return;
    if (peer.state !== 'snapshot') peer.becomeSnapshot(current);
    const patience = peer.hasMissedPiece ? PIECE_PATIENCE : PIECE_PATIENCE << peer.pieceTries;
    if (peer.pieceAge > 0 && peer.pieceAge <= patience) {
      peer.pieceAge++;
      return;
    }
    this.sendPiece(peer, peer.snapshot ?? current);
  }

  private sendPiece(peer: Progress, snapshot: Snapshot): void {
    const { text, header, checksum } = snapshot;
    const { offset, generation } = peer;
    if (peer.hasMissedPiece) peer.pieceTries = 0;
    else if (peer.pieceAge > 0 && peer.pieceTries < MOST_DOUBLINGS) peer.pieceTries++;
    peer.pieceAge = 1;
    peer.pieceRound = this.round;
    this.sendTo(peer.member, {
      kind: 'InstallSnapshot',
      term: this.currentTerm,
      header,
      offset,
      text: text.slice(offset, offset + this.settings.snapshotChunk),
      size: text.length,
      checksum,
      round: this.round,
      generation,
    });
  }

  protected onInstallSnapshotResponse(from: ProcessId, message: InstallSnapshotResponse): void {
    if (this.role !== 'leader' || message.term !== this.currentTerm) return;
    const peer = this.peerOf(from, message.generation);
    if (peer === undefined) return;
    this.heardFromPeer(peer, message.round);
    const { snapshot } = peer;
    if (message.installed) this.peerInstalled(peer, message.index);
    else if (snapshot !== undefined && snapshot.header.index === message.index) {
      // The piece that it wants is on the way; if it got lost, a heartbeat sends it again.
      if (message.nextOffset === peer.offset) return;
      peer.offset = Math.min(message.nextOffset, snapshot.text.length);
      peer.pieceAge = 0;
      peer.pieceTries = 0;
      if (peer.offset < snapshot.text.length) this.sendPiece(peer, snapshot);
      // All of it is there: what is left is the follower's disk.
      else peer.pieceAge = 1;
    }
  }

  private peerInstalled(peer: Progress, index: LogIndex): void {
    peer.reached(index);
    if (peer.state === 'snapshot' && index >= (peer.snapshot?.header.index ?? 0)) {
      peer.becomeProbe(peer.match + 1);
    }
    this.advanceCommitIndex();
    if (this.role === 'leader') this.sendEntries(peer);
  }

  // ---- follower: receiving ----

  protected onInstallSnapshot(from: ProcessId, message: InstallSnapshot): void {
    if (message.term < this.currentTerm) {
      this.answerPiece(from, message, 0, false);
      return;
    }
    this.heardFromLeader(from);
    const { header, size, checksum } = message;
    if (header.index <= this.commitIndex) {
      const isDurable = this.durableIndex >= header.index;
      // Nothing more is wanted of it: what is left is this server's disk.
      this.answerPiece(from, message, isDurable ? 0 : message.size, isDurable);
      return;
    }
    // The one before is being put into place; the leader will ask again.
    if (this.snapshots.isBusy && !this.snapshots.isReceiving(header, size, checksum)) return;
    if (!this.snapshots.isReceiving(header, size, checksum)) this.beginReceiving(message);
    this.takePiece(from, message);
  }

  private beginReceiving({ header, size, checksum }: InstallSnapshot): void {
    const abandoned = this.snapshots.incoming?.head.header.index;
    if (abandoned !== undefined) {
      this.emit({ kind: 'snapshot-failed', index: abandoned, reason: 'another snapshot came instead' });
    }
    this.snapshots.beginReceiving(header, size, checksum);
  }

  private takePiece(from: ProcessId, message: InstallSnapshot): void {
    const { snapshots } = this;
    const { incoming } = snapshots;
    if (incoming === undefined) return;
    if (this.isNextPiece(message.offset, incoming.received)) {
      snapshots.receive(incoming, message.text);
    }
    if (incoming.received < message.size) {
      this.answerPiece(from, message, incoming.received, false);
      return;
    }
    if (snapshots.isBusy) return;
    this.installFor = { leader: from, term: message.term, round: message.round };
    if (!snapshots.finishReceiving(incoming)) {
      const { index } = message.header;
      this.emit({ kind: 'snapshot-failed', index, reason: 'the checksum does not match' });
      this.answerPiece(from, message, 0, false);
      return;
    }
    this.answerPiece(from, message, message.size, false);
  }

  /** Pieces are taken in order only. */
  protected isNextPiece(offset: number, received: number): boolean {
    return offset === received;
  }

  private answerPiece(to: ProcessId, message: InstallSnapshot, nextOffset: number, installed: boolean): void {
    this.respondToSnapshot(to, message.header.index, this.roundOf(message), nextOffset, installed, 0);
  }

  private respondToSnapshot(
    to: ProcessId,
    index: LogIndex,
    round: number,
    nextOffset: number,
    installed: boolean,
    needsWal: number,
  ): void {
    const { currentTerm: term, generation } = this;
    const response: InstallSnapshotResponse = {
      kind: 'InstallSnapshotResponse',
      term,
      index,
      nextOffset,
      installed,
      round,
      generation,
    };
    this.sendWhenDurable(to, response, needsWal);
  }

  // ---- installing ----

  /** The snapshot received is durable. It may have been overtaken by the log in the meantime. */
  protected install(snapshot: Snapshot): void {
    const { header } = snapshot;
    if (header.index > this.commitIndex) {
      this.adoptLog(header);
      this.adoptState(snapshot, true);
    }
    const { installFor } = this;
    this.installFor = undefined;
    if (installFor === undefined || this.leader !== installFor.leader) return;
    const needsWal = this.log.positionOf(header.index);
    this.respondToSnapshot(installFor.leader, header.index, this.roundOf(installFor), 0, true, needsWal);
  }

  /** The log has brought what a snapshot that is still coming would have. */
  protected dropOvertakenSnapshot(): void {
    const { incoming } = this.snapshots;
    if (incoming !== undefined && incoming.head.header.index <= this.commitIndex)
      this.snapshots.stopReceiving();
  }

  /** Keeps what follows the snapshot in the log, if the log has the snapshot's last entry; else nothing (§7). */
  protected adoptLog(header: SnapshotHeader): void {
    const { log, storage } = this;
    if (log.termAt(header.index) === header.term) return;
    // Until the new beginning is durable, so is what is committed of the log before, and nothing else.
    this.durableIndex = Math.min(this.durableIndex, this.commitIndex);
    log.reset(header.index, header.term, storage.startSegment(header.index, header.term, true));
    storage.syncWal();
  }

  /** Everything replicated is as the snapshot says. */
  protected adoptState(snapshot: Snapshot, isReceived: boolean): void {
    const { header, state } = snapshot;
    this.service.restore(state);
    this.commitIndex = header.index;
    this.lastApplied = header.index;
    this.appliedTime = header.timeMicros;
    this.systemDigest = header.systemDigest;
    this.savedIndex = header.index;
    this.bytesApplied = 0;
    this.restoreVersions(header);
    this.adoptConfiguration(header);
    const { index, term, digest } = header;
    this.emit({ kind: 'snapshot-installed', index, term, digest, received: isReceived });
    this.configurationChanged();
  }

  /** The configuration of the snapshot, and after it those of the entries that were kept. */
  protected adoptConfiguration(header: SnapshotHeader): void {
    const { configuration, configurationIndex, history } = header;
    this.configurations.reset({ index: configurationIndex, configuration }, history);
    for (let index = header.index + 1; index <= this.log.lastIndex; index++) {
      const { system } = this.log.entryAt(index);
      if (system?.kind === 'configuration') this.configurations.append(index, system.configuration);
    }
  }

  protected override copyFrom(other: RaftSnapshots): void {
    super.copyFrom(other);
    this.snapshots = other.snapshots.clone(this.host);
    this.bytesApplied = other.bytesApplied;
    this.savedIndex = other.savedIndex;
    this.installFor = other.installFor;
  }
}
