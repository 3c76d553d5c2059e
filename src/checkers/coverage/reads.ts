/** Rare situations of reads that are not ordered in the log: Ongaro's dissertation, §6.4. */

import type { ClientReply, Message, ProcessId } from '../../kernel/index.js';
import { Recogniser } from './recogniser.js';
import { outside, type Tally } from './situation.js';
import type { ClusterView } from './view.js';

export const FOLLOWER_READ = outside(
  'follower-read-served',
  'A server that was not the leader answered a linearizable read.',
  'A server that does not lead sends an ok reply to a read of mode follower.',
);
export const STALE_READ = outside(
  'stale-read-behind',
  'A stale read was answered from a state older than the latest commit.',
  'An ok reply to a read of mode stale holds at an index below the highest commit index of any server.',
);

export const READ_SITUATIONS = [FOLLOWER_READ, STALE_READ];

export class Reads extends Recogniser {
  override onSend(from: ProcessId, to: ProcessId, message: Message): void {
    if (message.kind !== 'ClientReply') return;
    const { status, sequence, index } = message as ClientReply;
    const server = this.view.server(from);
    if (status !== 'ok' || server === undefined) return;
    const mode = this.view.operations.of(to, sequence)?.readMode(sequence);
    if (mode === 'follower' && !server.isLeader) this.reach(FOLLOWER_READ);
    if (mode === 'stale' && index < this.view.committed) this.reach(STALE_READ);
  }

  override clone(view: ClusterView, tally: Tally): Reads {
    return new Reads(view, tally);
  }
}
