/** Which message concerns which property of messages: what one may hold, and which round its answer confirms. */

import type { AppendEntries, InstallSnapshot, Term } from '../../protocols/raft/index.js';
import type { ProcessId } from '../../kernel/index.js';
import type { ViolationSink } from '../checker.js';
import { MessageSize } from './message-size.js';
import { MessageWellFormed } from './message-well-formed.js';
import { RoundAnswered } from './round-answered.js';
import type { RaftGhost } from './ghost.js';
import type { ServerGhost } from './server-ghost.js';

export class MessageRules {
  private readonly messageWellFormed: MessageWellFormed;
  private readonly messageSize: MessageSize;
  private readonly roundAnswered: RoundAnswered;

  constructor(ghost: RaftGhost, sink: ViolationSink) {
    this.messageWellFormed = new MessageWellFormed(ghost, sink);
    this.messageSize = new MessageSize(ghost, sink);
    this.roundAnswered = new RoundAnswered(ghost, sink);
  }

  onAppendEntries(from: ProcessId, server: ServerGhost, to: ProcessId, message: AppendEntries): void {
    this.messageWellFormed.onSend(from, server, message);
    this.messageSize.onEntries(from, message);
    this.onAsked(from, server, to, message.term, message.round);
  }

  onInstallSnapshot(from: ProcessId, server: ServerGhost, to: ProcessId, message: InstallSnapshot): void {
    this.messageSize.onPiece(from, message);
    this.onAsked(from, server, to, message.term, message.round);
  }

  private onAsked(from: ProcessId, server: ServerGhost, to: ProcessId, term: Term, round: number): void {
    this.roundAnswered.onAsked(from, server, to, term, round);
    server.rounds.sent(to, term, round);
  }

  /** A follower answers a message of this round. */
  onAnswered(from: ProcessId, to: ProcessId, term: Term, round: number): void {
    this.roundAnswered.onAnswer(from, to, term, round);
  }
}
