/**
 * Protocol versions and their gates. Each program understands versions up to its own. A feature is used only
 * once every member has announced, through the log, that it understands it, and the leader has opened the gate,
 * through the log as well; a gate never closes. A program that meets what it does not understand stops: an
 * entry that is skipped is a silent divergence.
 *
 * Version 1: single-server changes, reads through the log and by read index. 2: joint configurations.
 * 3: lease reads.
 */

import { isMember, isJoint, type Configuration, type MemberId } from './configuration.js';
import type { Entry, LogIndex, MemberVersion, SnapshotHeader, SystemCommand } from './messages.js';
import { RaftSnapshots } from './snapshots.js';

export const RAFT_VERSIONS = { lowest: 1, highest: 3 } as const;

const JOINT_VERSION = 2;
const LEASE_VERSION = 3;

/** The lowest version that understands a configuration. */
export function versionOfConfiguration(configuration: Configuration): number {
  return isJoint(configuration) ? JOINT_VERSION : 1;
}

export abstract class RaftVersions extends RaftSnapshots {
  /** The highest gate that is open: replicated state. */
  protected override activeVersion = 1;
  /** What members have announced: replicated state. */
  protected announced = new Map<MemberId, number>();
  /** Leader: the latest entry about versions that it has proposed; one at a time. */
  protected proposedIndex: LogIndex = 0;

  protected override speaksLeases(): boolean {
    return this.activeVersion >= LEASE_VERSION;
  }

  protected speaksJoint(): boolean {
    return this.activeVersion >= JOINT_VERSION;
  }

  // ---- replicated state ----

  protected override announcedVersions(): readonly MemberVersion[] {
    return [...this.announced].sort(([a], [b]) => a - b);
  }

  protected override restoreVersions(header: SnapshotHeader): void {
    this.activeVersion = header.activeVersion;
    this.announced = new Map(header.announced);
    this.requireVersion();
  }

  protected override applySystem(entry: Entry, system: SystemCommand): void {
    switch (system.kind) {
      case 'announce':
        for (const [member, version] of system.versions) this.announced.set(member, version);
        return;
      case 'activate':
        this.activate(entry, system.version);
        return;
      case 'configuration':
        for (const member of this.announced.keys()) {
          if (!isMember(system.configuration, member)) this.announced.delete(member);
        }
        return;
    }
  }

  private activate(entry: Entry, version: number): void {
    if (version <= this.activeVersion) return;
    this.activeVersion = version;
    this.emit({ kind: 'version-activated', index: entry.index, version });
    this.requireVersion();
  }

  // ---- what this program understands ----

  /** A committed entry that this program does not understand stops it. */
  protected override understands(entry: Entry): boolean {
    if (entry.version <= this.host.version) return true;
    const reason = `index ${entry.index} needs protocol version ${entry.version}, this program has ${this.host.version}`;
    this.reached('raft/unknown-entry-halt');
    this.emit({ kind: 'refused-to-run', reason });
    this.host.halt(reason);
    return false;
  }

  /** A program older than what the cluster speaks must not take part: it was downgraded too late. */
  protected requireVersion(): void {
    if (this.activeVersion <= this.host.version) return;
    const reason = `the cluster speaks protocol version ${this.activeVersion}, this program only ${this.host.version}`;
    this.reached('raft/downgrade-refused');
    this.emit({ kind: 'refused-to-run', reason });
    this.host.halt(reason);
  }

  // ---- leader ----

  /** What it proposed in an earlier term may be gone. */
  protected override startLeading(): void {
    this.proposedIndex = 0;
    super.startLeading();
  }

  /** Announces what members' programs understand, where the log does not say so yet. */
  protected announceVersions(): void {
    if (!this.hasCommittedInTerm() || this.isProposingVersion()) return;
    const versions: MemberVersion[] = [];
    this.noteVersion(versions, this.me, this.host.version);
    for (const peer of this.peers) this.noteVersion(versions, peer.member, peer.version);
    if (versions.length > 0) this.proposeAboutVersions({ kind: 'announce', versions }, 1);
  }

  private noteVersion(versions: MemberVersion[], member: MemberId, version: number): void {
    if (version === 0 || !isMember(this.configuration, member)) return;
    if (this.announced.get(member) !== version) versions.push([member, version]);
  }

  /** The highest version that every member has announced; 0 while somebody has announced none. */
  protected commonVersion(): number {
    const { voters, outgoing, learners } = this.configuration;
    const version = this.lowestAnnounced(voters, this.host.version);
    return this.lowestAnnounced(outgoing, this.lowestAnnounced(learners, version));
  }

  private lowestAnnounced(members: readonly MemberId[], atMost: number): number {
    let lowest = atMost;
    for (const member of members) {
      const version = this.announced.get(member) ?? 0;
      if (version < lowest) lowest = version;
    }
    return lowest;
  }

  /** Opens the highest gate that every member has announced. */
  protected activateIfPossible(): void {
    if (!this.settings.autoActivate || !this.hasCommittedInTerm()) return;
    // Until a change is committed it may be undone, and those whom it removed are members again.
    if (this.isProposingVersion() || !this.isConfigurationCommitted()) return;
    const version = this.commonVersion();
    if (version > this.activeVersion) this.proposeAboutVersions({ kind: 'activate', version }, version);
  }

  protected isProposingVersion(): boolean {
    return this.proposedIndex > this.commitIndex;
  }

  protected proposeAboutVersions(system: SystemCommand, version: number): void {
    this.proposedIndex = this.log.lastIndex + 1;
    this.propose(undefined, system, version);
  }

  protected override copyFrom(other: RaftVersions): void {
    super.copyFrom(other);
    this.activeVersion = other.activeVersion;
    this.announced = new Map(other.announced);
    this.proposedIndex = other.proposedIndex;
  }
}
