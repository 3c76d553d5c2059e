/** Lies to a replica that recovers (TOCS 2002, §4.3.2): how far the log is, and when its request was executed. */

import type { Liar, Message } from '../../../kernel/index.js';
import type { RecoveryReply, ReplyStable } from '../macs/messages.js';
import type { PbftSettings } from '../settings.js';
import { resign } from './proofs.js';

/** Far beyond what anybody has come to: a replica that believed it would never be recovered. */
const WINDOWS_AHEAD = 1000;

function farAhead(liar: Liar): number {
  return WINDOWS_AHEAD * (liar.settings as PbftSettings).window;
}

/**
 * Everything is stable and prepared far ahead, or nothing at all; or what is prepared is stable as well, by checkpoints
 * that may not be, or to the place.
 */
export function falseExtent(message: Message, liar: Liar): Message {
  const reply = message as ReplyStable;
  const { prepared } = reply;
  const { checkpointInterval } = liar.settings as PbftSettings;
  const extent = [farAhead(liar), 0, prepared, prepared - (prepared % checkpointInterval)] as const;
  const stable = extent[liar.draw('extent', 0, extent.length - 1)] as number;
  return resign({ ...reply, stable, prepared: Math.max(stable, prepared) }, liar);
}

/** Executed far ahead, or at the beginning. */
export function falseExecution(message: Message, liar: Liar): Message {
  const reply = message as RecoveryReply;
  return resign({ ...reply, executed: liar.draw('execution', 0, 1) === 0 ? farAhead(liar) : 0 }, liar);
}
