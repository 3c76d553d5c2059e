/**
 * What PBFT's messages ask for, for whoever stands at a replica's door. Nothing is said to one who is turned away: a
 * client believes no single replica, and asks again. Operators of PBFT send requests like clients.
 */

import type { Doorway } from '../../kernel/index.js';
import type { ReadReply, Reply } from './messages.js';
import { isReadRequest, isRequest } from './validate.js';

export const PBFT_DOORWAY: Doorway = {
  // What is malformed asks for nothing: the replica drops it.
  commandOf: (message) => (isRequest(message) || isReadRequest(message) ? message.command : undefined),
  verbOf: () => undefined,
  answeredBy: (message) => {
    const isReply = message.kind === 'Reply' || message.kind === 'ReadReply';
    return isReply ? (message as Reply | ReadReply).sequence : undefined;
  },
  turnAway: () => undefined,
};
