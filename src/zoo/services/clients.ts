/** Bugs of clients: what they make of silence, of refusals, and of their own retries. */

import {
  RequestReplyDriver,
  type ClientHost,
  type ClientOutcome,
  type Command,
  type Message,
  type ProcessId,
} from '../../kernel/index.js';
import { raftProtocol } from '../../protocols/raft/index.js';
import { ClientProcess, makeCommand, type OperationSlot } from '../../services/index.js';
import type { Bug } from '../bug.js';
import { serviceBug } from './service-bug.js';

/** Numbers of retries lie beyond those of operations. */
const RETRIES = 1_000_000;

/** A retry is sent as a new command. */
class RetryUnderNewNumber extends RequestReplyDriver {
  override request(host: ClientHost, command: Command, attempt: number): void {
    const { client, sequence, input, read } = command;
    const number = (attempt - 1) * RETRIES + sequence;
    super.request(host, makeCommand(client, number, input, read), attempt);
  }

  override receive(host: ClientHost, from: ProcessId, message: Message): ClientOutcome | undefined {
    const outcome = super.receive(host, from, message);
    return outcome === undefined ? undefined : { ...outcome, sequence: outcome.sequence % RETRIES };
  }

  override clone(): RequestReplyDriver {
    return Object.assign(new RetryUnderNewNumber(), super.clone());
  }
}

/** An operation that was not answered in time is told as failed. */
class TimeoutMeansFailure extends ClientProcess {
  protected override giveUp(slot: OperationSlot): void {
    this.counters.fail++;
    this.settle(slot, 'fail', 'timed out');
  }
}

/** Whoever is told that a server is busy takes the operation for failed, whatever became of earlier attempts. */
class BusyMeansFailure extends ClientProcess {
  protected override conclude(slot: OperationSlot, outcome: ClientOutcome): void {
    if (outcome.kind !== 'busy') {
      super.conclude(slot, outcome);
      return;
    }
    this.counters.fail++;
    this.settle(slot, 'fail', outcome.reason);
  }
}

export const CLIENT_BUGS: readonly Bug[] = [
  serviceBug({
    id: 'K10-retry-under-new-number',
    title: 'The client sends a retry as a new command, which no session can recognise.',
    source: 'etcd issue 18424; akka-raft issue 64',
    invariants: [
      'any/exactly-once',
      'any/linearizability',
      'any/acknowledged-durability',
      'raft/acknowledged-durable',
    ],
    scenario: 'raft/lossy-network',
    createProtocol: () => ({ ...raftProtocol(), createDriver: () => new RetryUnderNewNumber() }),
  }),
  serviceBug({
    id: 'K11-timeout-means-failure',
    title: 'An operation that timed out is told as failed, and is committed later.',
    source: 'CorfuDB issue 974; summitdb issue 5',
    invariants: ['any/acknowledged-durability'],
    scenario: 'overload/noisy-neighbour',
    Client: TimeoutMeansFailure,
  }),
  serviceBug({
    id: 'K12-busy-means-failure',
    title:
      'An operation that was turned away once is told as failed, although an earlier attempt was let in.',
    source: 'summitdb issue 5: the client receives an error, and the command is applied',
    invariants: ['any/acknowledged-durability'],
    scenario: 'overload/retry-storm-recovery',
    Client: BusyMeansFailure,
  }),
];
