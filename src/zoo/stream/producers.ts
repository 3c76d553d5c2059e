/** Stream bugs in what the broker remembers of producers, and in their transactions. */

import type { Micros, Plain, Result } from '../../kernel/index.js';
import {
  Producer,
  ProducerTable,
  StreamService,
  Transactions,
  type EndTransaction,
  type StagedStep,
} from '../../services/index.js';
import type { Bug } from '../bug.js';
import { brokerBug } from './stream-bug.js';

/** An earlier epoch writes on. */
class NothingFenced extends StreamService {
  protected override createProducers(): ProducerTable {
    return new (class extends ProducerTable {
      protected override isFenced(): boolean {
        return false;
      }
    })(this.hash);
  }
}

/** The epochs of producers are in the snapshot, and what they wrote is not. */
class SequencesNotInSnapshot extends StreamService {
  protected override createProducers(): ProducerTable {
    return new (class extends ProducerTable {
      override restore(plain: Plain): void {
        super.restore(plain);
        for (const producer of this.producers.values()) producer.written.clear();
      }
    })(this.hash);
  }
}

/** A commit or an abort that comes late ends whatever transaction is open by then. */
class TransactionsNotNumbered extends StreamService {
  protected override createTransactions(): Transactions {
    return new (class extends Transactions {
      override end(input: EndTransaction, now: Micros): Result {
        const producer = this.producers.find(input.producer, input.epoch);
        const open = producer instanceof Producer ? producer.transaction : undefined;
        return super.end({ ...input, transaction: open?.number ?? input.transaction }, now);
      }
    })(this.hash, this.producers, this.topics, this.groups);
  }
}

/** Offsets are committed when they are staged, whatever becomes of the transaction. */
class OffsetsCommittedAtOnce extends StreamService {
  protected override createTransactions(): Transactions {
    return new (class extends Transactions {
      override stage(input: StagedStep, now: Micros): Result {
        const result = super.stage(input, now);
        const isStaged = (result as { readonly staged?: boolean }).staged === true;
        if (isStaged && input.op === 'stage-offsets') this.commitOffsets(input, now);
        return result;
      }
    })(this.hash, this.producers, this.topics, this.groups);
  }
}

/** What an aborted transaction staged comes into the logs all the same. */
class AbortedAppended extends StreamService {
  protected override createTransactions(): Transactions {
    return new (class extends Transactions {
      override end(input: EndTransaction, now: Micros): Result {
        const producer = this.producers.find(input.producer, input.epoch);
        const open = producer instanceof Producer ? producer.transaction : undefined;
        if (input.op === 'abort-transaction' && open?.number === input.transaction) {
          for (const step of open.steps) if (step.op === 'stage') this.append(step, now);
        }
        return super.end(input, now);
      }
    })(this.hash, this.producers, this.topics, this.groups);
  }
}

export const PRODUCER_BUGS: readonly Bug[] = [
  brokerBug(NothingFenced, {
    id: 'Q1-epoch-not-checked',
    title: 'The broker takes messages of an epoch that a later one has fenced.',
    source:
      'KIP-98 asks for the check; Redpanda pull request 23131 restores one that had been lost, after a transaction had expired',
    invariants: ['any/stream-fencing', 'any/stream-offsets', 'any/stream-send-order'],
    scenario: 'stream/producer-zombie',
  }),
  brokerBug(SequencesNotInSnapshot, {
    id: 'Q2-sequences-not-in-snapshot',
    title: 'A broker that starts from a snapshot does not know which batches it has appended.',
    source:
      'Pulsar PIP-6 puts the map of sequences into the snapshot for it (pull request 751); AutoMQ issue 437 saw the duplicates',
    invariants: ['any/state-digest', 'any/stream-duplicates'],
    scenario: 'stream/dead-letters',
  }),
  brokerBug(TransactionsNotNumbered, {
    id: 'Q3-late-commit-ends-next-transaction',
    title: 'A commit that was delayed on its way ends the next transaction of its producer, half staged.',
    source: 'KAFKA-17754; Jepsen, "Bufstream 0.1.0" (2024); KIP-890',
    invariants: ['any/stream-once', 'any/stream-aborted', 'any/stream-inputs'],
    scenario: 'stream/transaction-over-leader-change',
  }),
  brokerBug(OffsetsCommittedAtOnce, {
    id: 'Q4-offsets-without-outputs',
    title: 'Offsets of a transaction are committed before it is, and stay so when it aborts.',
    source:
      'KIP-98 commits them together; Apache Kafka pull request 18168 (KAFKA-17507) mends offsets that were completed apart from their transaction',
    invariants: ['any/stream-inputs'],
    scenario: 'stream/transaction-over-leader-change',
  }),
  brokerBug(AbortedAppended, {
    id: 'Q5-aborted-transaction-visible',
    title: 'Messages of an aborted transaction can be read.',
    source: 'Jepsen, "Redpanda 21.10.1" (2022), aborted reads',
    invariants: ['any/stream-aborted', 'any/stream-once'],
    scenario: 'stream/rebalance-storm',
  }),
];
