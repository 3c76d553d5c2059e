/** One integer of a message varied a little, or beyond all bounds, and the message proved again. */

import { makeCommand, type Liar, type Message, type Plain, type Variation } from '../../../kernel/index.js';
import type { PbftMessage, Request } from '../messages.js';
import type { PbftSettings } from '../settings.js';
import { resign } from './proofs.js';

/** The greatest that is well-formed, one beyond, and what arithmetic can just bear; the first is tried most often. */
const HUGE = [0xffff_ffff_ffff, 0x8000_0000, 0x1_0000_0000_0000, Number.MAX_SAFE_INTEGER] as const;
/** A window's worth beyond what is open. */
const WINDOWS = 2;

export const FIELDS = [
  'view',
  'sequence',
  'digest',
  'timestamp',
  'index',
  'handover',
  'number',
  'stable',
  'executed',
  'helper',
] as const;

type Fields = Readonly<Record<string, unknown>>;

/** See AttackSurface.vary. */
export function vary(message: Message, field: string, variation: Variation, liar: Liar): Message {
  const pbft = message as PbftMessage;
  if (field === 'timestamp') return pbft.kind === 'Request' ? varyTimestamp(pbft, variation, liar) : message;
  const value = (message as unknown as Fields)[field];
  if (typeof value !== 'number') return message;
  const varied = field === 'digest' ? value ^ 1 : valueOf(value, field, variation, liar);
  const changed = { ...pbft, [field]: varied };
  // Inquiries carry no proof: nobody needs to be believed there.
  return 'proof' in message ? resign(changed, liar) : changed;
}

function varyTimestamp(request: Request, variation: Variation, liar: Liar): Request {
  const { command } = request;
  const sequence = valueOf(command.sequence, 'timestamp', variation, liar);
  return resign(withCommand(request, sequence, command.input), liar);
}

/** The request with another timestamp, or for something else. */
export function withCommand(request: Request, sequence: number, input: Plain): Request {
  const { client, read } = request.command;
  return { ...request, command: makeCommand(client, sequence, input, read) };
}

function valueOf(value: number, field: string, variation: Variation, liar: Liar): number {
  switch (variation) {
    case 'step':
      return Math.max(0, value + (liar.draw(`${field} up`, 0, 1) === 0 ? 1 : -1));
    case 'prior':
      return Math.max(0, value - liar.draw(`${field} back`, 1, 8));
    case 'window':
      return value + WINDOWS * ((liar.settings as PbftSettings).window + 1);
    case 'huge':
      return HUGE[liar.draw(`${field} huge`, 0, HUGE.length - 1)] as number;
  }
}
