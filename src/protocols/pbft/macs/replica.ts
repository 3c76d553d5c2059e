/** The PBFT replica whose proofs are MACs: dispatch of its own messages, copy and encoding. */

import type { Plain, ProcessId } from '../../../kernel/index.js';
import type { PeerMessage } from '../messages.js';
import { MacValidator } from './validate.js';
import { MacViewChanges } from './view-change.js';

export class PbftMacReplica extends MacViewChanges {
  protected override readonly validator = new MacValidator(this.members.length, this.settings);

  protected override receiveFromPeer(from: ProcessId, message: PeerMessage): void {
    const rank = this.rankOf(from);
    // A new view has a MAC of its primary for each replica, whoever passes it on.
    if (message.kind === 'MacNewView') {
      if (rank >= 0 && rank !== this.me) this.onMacNewView(message);
      else this.reject('sender is no other replica');
      return;
    }
    const isOwnKind = message.kind === 'MacViewChange' || message.kind === 'ViewChangeAck';
    if (!isOwnKind || rank < 0 || rank === this.me || message.proof.signer !== from) {
      super.receiveFromPeer(from, message);
    } else if (message.kind === 'MacViewChange') this.onMacViewChange(from, message);
    else this.onViewChangeAck(from, message);
  }

  override encode(): Plain {
    return {
      ...(super.encode() as { readonly [key: string]: Plain }),
      macRequests: this.encodeRequests(),
      claims: this.encodeClaims(),
      macViewChanges: this.encodeMacViewChanges(),
    };
  }
}
