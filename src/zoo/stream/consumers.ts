/** Stream bugs in groups, in leases, and in what a log keeps. */

import type { Command, Micros, Result } from '../../kernel/index.js';
import { raftProtocol, RaftReplica } from '../../protocols/raft/index.js';
import type { LogEntry } from '../../services/index.js';
import {
  GroupTable,
  LeaseTable,
  PartitionLog,
  StreamService,
  TopicTable,
  type CreateTopic,
  type Member,
  type Queue,
} from '../../services/index.js';
import type { Bug } from '../bug.js';
import { brokerBug } from './stream-bug.js';

/** Whoever was a member once acts for its partitions for ever. */
class GenerationsNotChecked extends StreamService {
  protected override createGroups(): GroupTable {
    return new (class extends GroupTable {
      protected override isStale(): boolean {
        return false;
      }

      protected override isOwner(): boolean {
        return true;
      }
    })(this.hash, this.topics);
  }
}

/** Partitions are dealt out in the order in which a map of members happens to have them. */
class MembersInOrderOfMap extends StreamService {
  protected override createGroups(): GroupTable {
    return new (class extends GroupTable {
      protected override inOrder(members: Iterable<Member>): Member[] {
        return [...members];
      }
    })(this.hash, this.topics);
  }
}

const FOR_EVER = Number.MAX_SAFE_INTEGER;

/** A message is lent anew when its lease is over, and the old lease can be settled still. */
class LeasesNotFenced extends StreamService {
  protected override createLeases(): LeaseTable {
    return new (class extends LeaseTable {
      protected override endLeases(queue: Queue, now: Micros): void {
        for (const lent of [...queue.lent.values()]) {
          if (!this.isOver(lent, now)) continue;
          queue.lent.set(lent.lease, { ...lent, untilMicros: FOR_EVER });
          this.giveBack(queue, lent, now);
        }
      }
    })(this.hash, this.topics);
  }
}

/** A message that was lent too often is taken away, and its way to the dead letters is not made sure. */
class DeadLettersLost extends StreamService {
  protected override createLeases(): LeaseTable {
    return new (class extends LeaseTable {
      protected override bury(): void {
        // Gone.
      }
    })(this.hash, this.topics);
  }
}

/** Of each key, compaction keeps the message that it meets first. */
class LatestCompacted extends StreamService {
  protected override createTopics(): TopicTable {
    return new (class extends TopicTable {
      protected override createLog(settings: CreateTopic, id: number): PartitionLog {
        return new EarliestKept(id, settings);
      }
    })(this.hash);
  }
}

class EarliestKept extends PartitionLog {
  protected override survivors(entries: readonly LogEntry[]): LogEntry[] {
    return super.survivors([...entries].reverse()).reverse();
  }
}

/** Leases and members are timed by the clock of the server that applies a command. */
class TimedByOwnClock extends RaftReplica {
  protected override applyCommand(command: Command): Result {
    return super.applyCommand(command, this.host.monotonicNow());
  }
}

export const CONSUMER_BUGS: readonly Bug[] = [
  brokerBug(GenerationsNotChecked, {
    id: 'Q6-generation-not-checked',
    title: 'A member that has lost its partitions commits offsets for them.',
    source: 'Apache Kafka pull request 221 (KAFKA-2555): commits of old generations were accepted',
    invariants: ['any/stream-once', 'any/stream-commits'],
    scenario: 'stream/rebalance-storm',
  }),
  brokerBug(MembersInOrderOfMap, {
    id: 'Q7-assignment-in-order-of-map',
    title: 'Partitions are assigned in the order of a map, which is another one after a snapshot.',
    source: 'the mistake of MirBFT b00b4af, which iterated over a map in an epoch change',
    invariants: ['any/state-digest'],
    scenario: 'stream/all-of-it',
  }),
  brokerBug(LeasesNotFenced, {
    id: 'Q8-lease-without-fencing',
    title: 'A message can be acknowledged under a lease that is over, while somebody else works on it.',
    source:
      'Azure storage-net issue 285: an expired receipt deletes the message; Kleppmann, "How to do distributed locking" (2016)',
    invariants: ['any/stream-leases'],
    scenario: 'stream/lease-expired-by-stall',
  }),
  brokerBug(DeadLettersLost, {
    id: 'Q9-dead-letter-lost',
    title: 'A message that nobody could process is dropped on its way to the dead letters.',
    source: 'RabbitMQ issue 3100: dead-lettering was at most once',
    invariants: ['any/stream-dead-letters'],
    scenario: 'stream/dead-letters',
  }),
  brokerBug(LatestCompacted, {
    id: 'Q10-compaction-loses-latest',
    title: 'Compaction takes away the latest message of a key.',
    source: 'Pulsar issue 21074: messages lost by compaction; pull request 11287: keys dropped by it',
    invariants: ['any/stream-poll-order', 'any/stream-writes'],
    scenario: 'stream/hot-partition',
  }),
  {
    id: 'Q11-leases-by-own-clock',
    protocol: 'raft',
    title: 'Leases and memberships end by the clock of each server, and not by the time of the log.',
    source: 'Atomix pull request 982: sessions judged by a clock that is behind',
    invariants: ['any/state-digest'],
    scenario: 'stream/lease-expired-by-stall',
    createProtocol: () => raftProtocol(TimedByOwnClock),
  },
];
