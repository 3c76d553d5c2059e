/** What queues and streams promise to their clients, and by which anomalies it is broken. */

import type { StreamAnomaly } from '../../history/stream-judge.js';
import { DECLARED_MODEL } from '../../any/ghost.js';
import type { InvariantInfo } from '../../checker.js';

const JEPSEN = 'Jepsen, "Redpanda 21.10.1" (2022) and "Bufstream 0.1.0" (2024)';
const KIP_98 = 'KIP-98, "Exactly Once Delivery and Transactional Messaging"';
const KIP_932 = 'KIP-932, "Queues for Kafka"';

function invariant(
  id: string,
  kind: 'safety' | 'history',
  title: string,
  statement: string,
  source: string,
): InvariantInfo {
  const family = 'protocol-independent' as const;
  return {
    id: `any/${id}`,
    title,
    statement,
    protocol: 'any',
    family,
    kind,
    failureModel: DECLARED_MODEL,
    source,
  };
}

export const STREAM_WRITES = invariant(
  'stream-writes',
  'history',
  'No acknowledged message is lost.',
  'Per partition: (1) a message acknowledged at an offset below another one that is polled is itself polled by somebody, unless the partition begins behind it, or, compacted, has a later message with its key; (2) a poll that begins after a message was acknowledged finds an end of the partition behind it. (1) is judged at the end. A message that nobody ever polled behind is not judged by (1).',
  JEPSEN,
);

export const STREAM_DUPLICATES = invariant(
  'stream-duplicates',
  'safety',
  'No message is in a partition twice, unless its producers deliver at least once.',
  'A message that is seen at one offset of a partition, by its acknowledgement or a poll, is seen at no other offset of it. Not judged where delivery is at-least-once.',
  KIP_98,
);

export const STREAM_ABORTED = invariant(
  'stream-aborted',
  'safety',
  'Nobody polls what was not sent, or what an aborted transaction staged.',
  'A message that a poll returns was sent by somebody before, or staged by a transaction; and no answer has said of every attempt that it did not happen. A dead letter was sent to the topic that it is from.',
  JEPSEN,
);

export const STREAM_OFFSETS = invariant(
  'stream-offsets',
  'safety',
  'An offset stands for one message, for everybody.',
  'Two answers that place a message at one offset of a partition place the same one there.',
  JEPSEN,
);

export const STREAM_SEND_ORDER = invariant(
  'stream-send-order',
  'safety',
  'What a producer sends to one partition has ascending offsets.',
  'Per client and partition: a message that is acknowledged later than another has a higher offset.',
  JEPSEN,
);

export const STREAM_POLL_ORDER = invariant(
  'stream-poll-order',
  'history',
  'A poll goes on where the last one ended, and leaves nothing out.',
  'Per client and partition, until it joins its group anew or falls behind the retention: the offsets that it polls ascend, and between two of them nothing is known to exist, but what the partition has left behind, or, compacted, what has a later message with its key.',
  JEPSEN,
);

export const STREAM_FENCING = invariant(
  'stream-fencing',
  'history',
  'Nothing of a fenced producer is in a partition behind what its successor wrote.',
  'Per partition and producer, in the order of offsets: epochs never fall.',
  KIP_98,
);

export const STREAM_ONCE = invariant(
  'stream-once',
  'history',
  'No two outputs are made of one input, unless processors deliver at least once.',
  'Among the messages seen in the logs, no two name the same input. Not judged where delivery is at-least-once.',
  KIP_98,
);

export const STREAM_INPUTS = invariant(
  'stream-inputs',
  'history',
  'No input is left out by its processors, unless they deliver at most once.',
  'Per partition of outputs, in the order of offsets: before an output of an input comes one of each input that is known to lie before it, unless the partition of inputs begins behind that. Not judged where delivery is at-most-once, or inputs are compacted.',
  KIP_98,
);

export const STREAM_COMMITS = invariant(
  'stream-commits',
  'safety',
  'A committed offset stays committed, and a group goes on where it is.',
  'A member that joins is given, for each partition, an offset (1) not below any that the group had committed, as somebody was told, before it asked; (2) not above every offset to which some member of the group has polled; not judged where partitions have a retention, by which a group may fall behind.',
  'KIP-447, "Producer scalability for exactly once semantics"',
);

export const STREAM_LEASES = invariant(
  'stream-leases',
  'safety',
  'A message is settled under one lease, the latest.',
  'Per group and topic: (1) no message is acknowledged under two leases; (2) none is acknowledged under a lease that was asked to be settled after somebody had got the message under a later one; (3) none is lent by an answer to a request that was made after it had been acknowledged; (4) none is lent more often than its topic allows, and leases ascend.',
  KIP_932,
);

export const STREAM_DEAD_LETTERS = invariant(
  'stream-dead-letters',
  'safety',
  'A message that is done with was acknowledged, or is a dead letter.',
  'When an answer says that everything below an offset is done, then each message known to be there that nobody has tried to acknowledge is in the partition of dead letters, as soon as that is polled up to an end that was asked for later. No message that was acknowledged is there, and none is there twice.',
  KIP_932,
);

export const STREAM_INVARIANTS: readonly InvariantInfo[] = [
  STREAM_WRITES,
  STREAM_DUPLICATES,
  STREAM_ABORTED,
  STREAM_OFFSETS,
  STREAM_SEND_ORDER,
  STREAM_POLL_ORDER,
  STREAM_FENCING,
  STREAM_ONCE,
  STREAM_INPUTS,
  STREAM_COMMITS,
  STREAM_LEASES,
  STREAM_DEAD_LETTERS,
];

/** The invariant that an anomaly of a log breaks. */
export const BROKEN_BY: Readonly<Record<StreamAnomaly, InvariantInfo>> = {
  'lost-write': STREAM_WRITES,
  duplicate: STREAM_DUPLICATES,
  unexpected: STREAM_ABORTED,
  'aborted-read': STREAM_ABORTED,
  'inconsistent-offsets': STREAM_OFFSETS,
  'nonmonotonic-send': STREAM_SEND_ORDER,
  'int-nonmonotonic-send': STREAM_SEND_ORDER,
  'nonmonotonic-poll': STREAM_POLL_ORDER,
  'int-nonmonotonic-poll': STREAM_POLL_ORDER,
  'poll-skip': STREAM_POLL_ORDER,
  'int-poll-skip': STREAM_POLL_ORDER,
  'zombie-write': STREAM_FENCING,
  'processed-twice': STREAM_ONCE,
  'input-skipped': STREAM_INPUTS,
};
