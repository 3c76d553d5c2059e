/** The PBFT replica whose proofs are MACs: dispatch of its own messages, copy and encoding. */

import type { Plain, ProcessId } from '../../../kernel/index.js';
import type { PeerMessage } from '../messages.js';
import { MacValidator } from './validate.js';
import { MacRecovery } from './recovery.js';

export class PbftMacReplica extends MacRecovery {
  protected override readonly validator = new MacValidator(this.members.length, this.settings);

  protected override receiveFromPeer(from: ProcessId, message: PeerMessage): void {
    const rank = this.rankOf(from);
    // A new view has a MAC of its primary for each replica, whoever passes it on.
    if (message.kind === 'MacNewView') {
      if (rank >= 0 && rank !== this.me) this.onMacNewView(message);
      else this.reject('sender is no other replica');
      return;
    }
    if (rank < 0 || rank === this.me || message.proof.signer !== from) {
      super.receiveFromPeer(from, message);
      return;
    }
    switch (message.kind) {
      case 'MacViewChange':
        this.onMacViewChange(from, message);
        return;
      case 'ViewChangeAck':
        this.onViewChangeAck(from, message);
        return;
      case 'NewKey':
        this.onNewKey(from, message);
        return;
      case 'QueryStable':
        this.onQueryStable(from, message);
        return;
      case 'ReplyStable':
        this.onReplyStable(from, message);
        return;
      case 'RecoveryReply':
        this.onRecoveryReply(from, message);
        return;
      default:
        super.receiveFromPeer(from, message);
    }
  }

  override encode(): Plain {
    return {
      ...(super.encode() as { readonly [key: string]: Plain }),
      macRequests: this.encodeRequests(),
      claims: this.encodeClaims(),
      macViewChanges: this.encodeMacViewChanges(),
      ...(this.recovers ? { keys: this.encodeKeys(), recovery: this.encodeRecovery() } : {}),
    };
  }
}
