/** Stream bugs of clients. */

import type { OperationSource } from '../../services/index.js';
import {
  ProcessorRole,
  readStreamSettings,
  StreamWorkload,
  type PolledBatch,
  type StreamOperation,
  type StreamRoleName,
} from '../../services/index.js';
import type { Bug } from '../bug.js';

/** Commits what it has polled before it has dealt with it, as a client does that commits by itself. */
class CommitsWhatItPolled extends ProcessorRole {
  protected override deal(batch: PolledBatch): StreamOperation {
    const operation = super.deal(batch);
    if (this.state.phase === 'deal') return this.commit(batch);
    return operation.op === 'commit-offsets' ? this.send(batch) : operation;
  }
}

class CommittingWorkload extends StreamWorkload {
  protected override createRole(role: StreamRoleName, client: number, number: number): OperationSource {
    return role === 'process'
      ? new CommitsWhatItPolled(this, client)
      : super.createRole(role, client, number);
  }
}

export const CLIENT_BUGS: readonly Bug[] = [
  {
    id: 'Q12-offset-before-processing',
    protocol: 'raft',
    title: 'A processor that is to deliver at least once commits its offsets before it has processed them.',
    source:
      'franz-go issue 57: records lost by commits of what was only polled; librdkafka issue 1122 says the same of automatic commits',
    invariants: ['any/stream-inputs'],
    scenario: 'stream/offset-commit-lost',
    service: 'stream',
    createWorkload: ({ settings = {} }, config) =>
      new CommittingWorkload(config, readStreamSettings(settings)),
  },
];
