/**
 * Telemetry: how long a run's cluster takes for what operators promise. It judges nothing (objectives.ts does)
 * and changes nothing, so a run is the same with it and without.
 *
 * What is measured:
 * - acknowledgement by a quorum: from the time when a leader appends an entry until it commits that entry;
 * - recovery: from the loss of a leader until the next one commits. A leader is lost when it crashes, halts or
 *   steps down; when others elect a successor while it still leads, it was lost when the first of them since the
 *   last commit began to stand for election;
 * - installing a snapshot: from the first piece of it that is sent to a server until that server has installed it.
 */

import type { Message, Micros, ProcessId, ProtocolEvent } from '../kernel/index.js';
import type { InstallSnapshot } from '../protocols/raft/index.js';
import { LatencyHistogram } from '../services/index.js';
import { TimeColumn } from './columns.js';

/** What telemetry asks of the run. */
export interface TelemetryContext {
  readonly servers: number;
  now(): Micros;
}

/** Entries beyond the last commit that are timed; a faulty replica may report any index. */
const ENTRIES_TIMED_MAX = 1 << 16;
const NOBODY: ProcessId = -1;
const NEVER: Micros = -1;

type ElectionEvent = Extract<
  ProtocolEvent,
  { readonly kind: 'became-pre-candidate' | 'became-candidate' | 'became-follower' | 'became-leader' }
>;

export class Telemetry {
  quorumAcks = new LatencyHistogram();
  recovery = new LatencyHistogram();
  snapshotInstall = new LatencyHistogram();
  /** False once a server's commit index went back while it ran. */
  isCommitMonotonic = true;
  /** The latest leader, while it leads. */
  private leader: ProcessId = NOBODY;
  private leaderTerm = -1;
  /** When the last leader was lost; {@link NEVER} while one commits, and before the first. */
  private lostAt: Micros = NEVER;
  /** When the first server since the last commit began to stand for election. */
  private challengedAt: Micros = NEVER;
  /** By index: when the present leader appended the entry. */
  private appendedAt = new TimeColumn();
  /** The highest index that the present leader committed, or had when it was elected. */
  private timedTo = 0;
  /** Commit index per server; starts anew with each incarnation. */
  private readonly commits: Float64Array;
  /** Per server: the snapshot that is sent to it, since when, and the last one that it has. */
  private readonly sending: Float64Array;
  private readonly sendingSince: Float64Array;
  private readonly installed: Float64Array;

  constructor(private readonly context: TelemetryContext) {
    const { servers } = context;
    this.commits = new Float64Array(servers);
    this.sending = new Float64Array(servers);
    this.sendingSince = new Float64Array(servers);
    this.installed = new Float64Array(servers);
  }

  onSend(to: ProcessId, message: Message): void {
    if (message.kind === 'InstallSnapshot') this.snapshotSent(to, message);
  }

  // The simulator, which tells events apart for its own sake, hands on those that matter: see Simulation.learn.

  appended(process: ProcessId, index: number): void {
    if (process === this.leader) this.leaderAppended(index);
  }

  /** Of the events that tell a server's role. */
  onElection(process: ProcessId, event: ElectionEvent): void {
    if (event.kind === 'became-leader') {
      this.elected(process, event.term, event.lastIndex);
      return;
    }
    if (process === this.leader) this.leaderLost();
    if (event.kind !== 'became-follower' && this.challengedAt === NEVER) {
      this.challengedAt = this.context.now();
    }
  }

  /** Power loss, halt or stop. */
  onCrash(process: ProcessId): void {
    this.commits[process] = 0;
    if (process === this.leader) this.leaderLost();
  }

  /** The disk may be another one than before. */
  onStart(process: ProcessId): void {
    this.installed[process] = 0;
  }

  /** A recovery that has not come by the end counts with what it has lasted. */
  onEnd(): void {
    if (this.lostAt !== NEVER) this.recovery.record(this.context.now() - this.lostAt);
  }

  /** An independent copy for a forked simulation. */
  clone(context: TelemetryContext): Telemetry {
    const copy = new Telemetry(context);
    copy.quorumAcks = this.quorumAcks.clone();
    copy.recovery = this.recovery.clone();
    copy.snapshotInstall = this.snapshotInstall.clone();
    copy.isCommitMonotonic = this.isCommitMonotonic;
    copy.leader = this.leader;
    copy.leaderTerm = this.leaderTerm;
    copy.lostAt = this.lostAt;
    copy.challengedAt = this.challengedAt;
    copy.appendedAt = this.appendedAt.clone();
    copy.timedTo = this.timedTo;
    copy.commits.set(this.commits);
    copy.sending.set(this.sending);
    copy.sendingSince.set(this.sendingSince);
    copy.installed.set(this.installed);
    return copy;
  }

  // ---- leaders ----

  private elected(process: ProcessId, term: number, lastIndex: number): void {
    if (term <= this.leaderTerm) return;
    // Before the first leader there was none to lose.
    if (this.leaderTerm >= 0 && this.lostAt === NEVER) {
      this.lostAt = this.challengedAt === NEVER ? this.context.now() : this.challengedAt;
    }
    this.leader = process;
    this.leaderTerm = term;
    this.appendedAt = new TimeColumn();
    this.appendedAt.dropBelow(lastIndex + 1);
    this.timedTo = lastIndex;
  }

  private leaderLost(): void {
    this.leader = NOBODY;
    if (this.lostAt === NEVER) this.lostAt = this.context.now();
  }

  // ---- commits ----

  private leaderAppended(index: number): void {
    if (index > this.timedTo && index <= this.timedTo + ENTRIES_TIMED_MAX) {
      this.appendedAt.set(index, this.context.now());
    }
  }

  committed(process: ProcessId, index: number): void {
    if (index < (this.commits[process] as number)) this.isCommitMonotonic = false;
    this.commits[process] = index;
    if (process !== this.leader) return;
    const now = this.context.now();
    if (this.lostAt !== NEVER) this.recovery.record(now - this.lostAt);
    this.lostAt = NEVER;
    this.challengedAt = NEVER;
    if (index <= this.timedTo || index > this.timedTo + ENTRIES_TIMED_MAX) return;
    for (let i = this.timedTo + 1; i <= index; i++) {
      const since = this.appendedAt.get(i);
      if (since > 0) this.quorumAcks.record(now - since);
    }
    this.timedTo = index;
    this.appendedAt.dropBelow(index + 1);
  }

  // ---- snapshots ----

  private snapshotSent(to: ProcessId, message: Message): void {
    // A user's protocol may call its own messages so.
    const { header } = message as Partial<InstallSnapshot>;
    const index = header?.index;
    if (to >= this.context.servers || typeof index !== 'number') return;
    if (index === this.sending[to] || index <= (this.installed[to] as number)) return;
    this.sending[to] = index;
    this.sendingSince[to] = this.context.now();
  }

  snapshotInstalled(process: ProcessId, index: number, isReceived: boolean): void {
    if (isReceived && index === this.sending[process]) {
      this.snapshotInstall.record(this.context.now() - (this.sendingSince[process] as number));
      this.sending[process] = 0;
    }
    this.installed[process] = index;
    // What it knows to be committed is at least its snapshot.
    if (index > (this.commits[process] as number)) this.commits[process] = index;
  }
}
