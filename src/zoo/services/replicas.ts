/** Bugs of replicas in how they treat the service: what they keep, what they feed it, what they put into it. */

import { clientRequest, type Command, type Micros, type Result } from '../../kernel/index.js';
import { PbftReplica, pbftProtocol } from '../../protocols/pbft/index.js';
import { RaftReplica, raftProtocol } from '../../protocols/raft/index.js';
import { createService } from '../../services/index.js';
import type { Bug } from '../bug.js';

/** Whoever becomes leader begins with an empty service. */
class FailoverLosesData extends RaftReplica {
  protected override startLeading(): void {
    this.service.restore(createService('kv').snapshot());
    super.startLeading();
  }
}

/** A follower passes on to the leader what it is told to execute, as if a client had asked for it. */
class CommandReEnters extends RaftReplica {
  protected override applyCommand(command: Command, timeMicros: Micros): Result {
    // By the server that the client spoke to. One command of each client is enough to go round for ever.
    const isProxy = command.sequence === 1 && command.client % this.members.length === this.host.self;
    if (isProxy && this.role !== 'leader' && this.leader >= 0)
      this.host.send(this.leader, clientRequest(command));
    return super.applyCommand(command, timeMicros);
  }
}

/** Each replica adds to what is written something that only it knows. */
class LocalKnowledgeInState extends PbftReplica {
  protected override applyCommand(command: Command): Result {
    const operation = command.input as { readonly op?: string; readonly value?: string };
    if (operation.op !== 'put') return super.applyCommand(command);
    const value = `${operation.value ?? ''}@${this.host.self}`;
    return super.applyCommand({ ...command, input: { ...operation, value } });
  }
}

export const REPLICA_BUGS: readonly Bug[] = [
  {
    id: 'R90-failover-loses-data',
    protocol: 'raft',
    title: 'A server that becomes leader starts with an empty state.',
    source: 'redisraft issue 14',
    invariants: ['any/state-digest', 'any/linearizability'],
    scenario: 'raft/crash-restart-storm',
    createProtocol: () => raftProtocol(FailoverLosesData),
  },
  {
    id: 'R90b-command-re-enters',
    protocol: 'raft',
    title: 'A follower that executes a command sends it to the leader again, for ever.',
    source: 'redisraft issue 13',
    invariants: ['any/quiet-when-idle'],
    scenario: 'raft/baseline-quiet',
    createProtocol: () => raftProtocol(CommandReEnters),
  },
  {
    id: 'P43-local-knowledge-in-state',
    protocol: 'pbft',
    title: 'What replicas agree on contains something that is different on each of them.',
    source: 'sovereign-sdk pull request 2620; mirbft commit b00b4af and lineth issue 3247 are its kin',
    invariants: ['any/state-digest', 'pbft/checkpoint-agreement'],
    scenario: 'pbft/quiet',
    createProtocol: () => pbftProtocol(LocalKnowledgeInState),
  },
];
