/**
 * Execution: what is committed is applied to the service, in the order of the log.
 *
 * Source: Ongaro and Ousterhout, extended version, §5.3 (apply up to the commit index). An entry carries the
 * log's own time, so that the service sees the same time everywhere.
 */

import { mix32, okReply, type Command, type Micros, type Result } from '../../kernel/index.js';
import { RaftElection } from './election.js';
import type { Entry, LogIndex, SystemCommand } from './messages.js';

export abstract class RaftExecution extends RaftElection {
  /** The log's time of the last entry applied, and of the log's base. */
  protected appliedTime: Micros = 0;
  /** Rolling digest of the system commands applied: replicated state that is not the service's. */
  protected systemDigest = 0x5ca1ab1e;

  /** Something was committed, or applied. */
  protected abstract afterCommit(): void;
  /** An entry was applied. */
  protected abstract noteApplied(entry: Entry): void;
  /** A system command that is not a configuration is executed. */
  protected abstract applySystem(entry: Entry, system: SystemCommand): void;
  /** False when this program does not understand the entry: then it has stopped. */
  protected abstract understands(entry: Entry): boolean;

  protected commitTo(index: LogIndex): void {
    this.commitIndex = index;
    this.emit({ kind: 'committed', index, term: this.log.termAt(index) });
    while (this.lastApplied < this.commitIndex) {
      const entry = this.log.entryAt(this.lastApplied + 1);
      if (!this.understands(entry)) return;
      this.applyNext(entry);
    }
    this.afterCommit();
  }

  private applyNext(entry: Entry): void {
    const { command, system } = entry;
    this.appliedTime = entry.timeMicros;
    const result = command === undefined ? null : this.applyCommand(command, entry.timeMicros);
    if (system !== undefined) this.executeSystem(entry, system);
    this.lastApplied = entry.index;
    this.noteApplied(entry);
    this.emit({
      kind: 'applied',
      index: entry.index,
      term: entry.term,
      hash: entry.hash,
      digest: this.stateDigest(),
      command,
    });
    const divergence = this.service.takeDivergence?.();
    if (divergence !== undefined)
      this.emit({ kind: 'shadow-diverged', index: entry.index, text: divergence });
    if (command !== undefined && this.role === 'leader') {
      this.host.send(command.client, okReply(command.sequence, result, entry.index));
    }
  }

  protected executeSystem(entry: Entry, system: SystemCommand): void {
    this.systemDigest = mix32(this.systemDigest, entry.hash);
    this.applySystem(entry, system);
  }

  /** Digest of everything that is replicated: the service, and what system commands made. */
  protected stateDigest(): number {
    return mix32(this.service.digest(), this.systemDigest);
  }

  protected applyCommand(command: Command, timeMicros: Micros): Result {
    return this.service.apply(command, timeMicros);
  }

  protected override copyFrom(other: RaftExecution): void {
    super.copyFrom(other);
    this.appliedTime = other.appliedTime;
    this.systemDigest = other.systemDigest;
  }
}
