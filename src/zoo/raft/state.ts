/** Raft bugs in the replicated state: what is executed, by which program, and what is remembered of it. */

import type { Command, DiskImage, Micros, Result } from '../../kernel/index.js';
import { RaftReplica, type Entry, type SystemCommand } from '../../protocols/raft/index.js';
import { KeyValueStore, SessionedService } from '../../services/index.js';
import type { Bug } from '../bug.js';
import { raftBug } from './raft-bug.js';

/** A session table that can be lost while the data stays. */
class LosableSessions extends SessionedService {
  lose(): void {
    this.sessions.clear();
  }
}

/** What is read back from the log after a restart rebuilds the data, but not the session table. */
class SessionsLostOnRestart extends RaftReplica {
  private replayUntil = 0;

  override start(disk: DiskImage): void {
    super.start(disk);
    this.replayUntil = this.log.lastIndex;
  }

  protected override applyCommand(command: Command, timeMicros: Micros): Result {
    const result = super.applyCommand(command, timeMicros);
    if (this.replayUntil > 0 && this.lastApplied + 1 >= this.replayUntil) {
      this.replayUntil = 0;
      (this.service as LosableSessions).lose();
    }
    return result;
  }

  protected override copyFrom(other: SessionsLostOnRestart): void {
    super.copyFrom(other);
    this.replayUntil = other.replayUntil;
  }
}

/** Sessions expire by the server's own clock. */
class SessionsExpireByOwnClock extends RaftReplica {
  protected override applyCommand(command: Command): Result {
    return super.applyCommand(command, this.host.monotonicNow());
  }
}

/** An old program skips what it does not understand. */
class UnknownEntrySkipped extends RaftReplica {
  protected override understands(): boolean {
    return true;
  }

  protected override requireVersion(): void {
    // Part of the mistake: it runs whatever the cluster has agreed to speak.
  }

  protected override executeSystem(entry: Entry, system: SystemCommand): void {
    if (entry.version <= this.host.version) super.executeSystem(entry, system);
  }
}

/** The new program executes old commands in its new way, while others still run the old one. */
class NewProgramAppliesAnew extends RaftReplica {
  protected override applyCommand(command: Command, timeMicros: Micros): Result {
    const operation = command.input as { readonly op: string; readonly key: string };
    if (this.host.version < 2 || operation.op !== 'append') return super.applyCommand(command, timeMicros);
    return super.applyCommand({ ...command, input: { ...operation, op: 'put' } }, timeMicros);
  }
}

export const STATE_BUGS: readonly Bug[] = [
  {
    ...raftBug(SessionsLostOnRestart, {
      id: 'R63-sessions-lost-on-restart',
      title: 'The session table is not rebuilt after a restart, and a retry is executed a second time.',
      source: "the rule is in Ongaro's dissertation §6.3: sessions are part of the replicated state",
      invariants: ['any/state-digest', 'any/duplicate-effect', 'any/exactly-once'],
      scenario: 'raft/rolling-restarts',
    }),
    service: 'kv',
    createService: ({ sessions }) => new LosableSessions(new KeyValueStore(), sessions),
  },
  raftBug(SessionsExpireByOwnClock, {
    id: 'R89-sessions-expire-by-own-clock',
    title: "Sessions expire by each server's own clock.",
    source: 'atomix pull request 982',
    invariants: ['any/state-digest'],
    scenario: 'raft/session-expiry',
  }),
  raftBug(UnknownEntrySkipped, {
    id: 'R94-unknown-entry-skipped',
    title:
      'A program skips entries of a newer version that it does not understand, and counts them as applied.',
    source: 'arcadedb issue 4798; rabbitmq/ra issues 266 and 268',
    invariants: ['any/state-digest', 'any/convergence'],
    scenario: 'upgrade/downgrade-refused',
  }),
  raftBug(NewProgramAppliesAnew, {
    id: 'R95-new-program-applies-anew',
    title:
      'Each server goes over to the new meaning of a command when it is upgraded, not at one place in the log.',
    source: 'databend issue 19794',
    invariants: ['any/state-digest'],
    scenario: 'upgrade/rolling-upgrade',
  }),
];
