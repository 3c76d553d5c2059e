/** How a client's command is made; its content hash and size, which are checked where one may be forged. */

import type { Command, ReadMode } from './contracts.js';
import { finish32, hashPlain, hashString, mix32, mixInteger } from './hash.js';
import { plainBytes, withoutUndefined, type Plain } from './plain.js';
import type { ProcessId } from './process-id.js';

/** Every {@link ReadMode}, in the order in which draws stand for them. */
export const READ_MODES = [
  'log',
  'read-index',
  'lease',
  'follower',
  'session',
  'stale',
] as const satisfies readonly ReadMode[];

/** Size of a command without its input: client, sequence, checksum. */
const HEADER_BYTES = 24;

/**
 * The command that carries operation number `sequence` (from 1) of a client. Its input has no members that are undefined:
 * its hash would say nothing of them.
 */
export function makeCommand(
  client: ProcessId,
  sequence: number,
  raw: Plain,
  read: ReadMode | undefined = undefined,
): Command {
  const input = withoutUndefined(raw);
  const hash = hashCommand(client, sequence, input);
  return { client, sequence, input, read, hash, bytes: commandBytes(input) };
}

/** Size of a command with this input, in bytes. */
export function commandBytes(input: Plain): number {
  return HEADER_BYTES + plainBytes(input);
}

/** Content hash of a command; recompute it where a command may be forged. */
export function hashCommand(client: ProcessId, sequence: number, input: Plain): number {
  return finish32(mixInteger(mix32(hashInput(input), client), sequence));
}

/**
 * Structural hash of an input. Members are summed, which needs no order among the keys and so no sorting:
 * this runs once per operation.
 */
function hashInput(input: Plain | undefined): number {
  if (typeof input === 'string') return mix32(0x1f83d9ab, hashString(input));
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return hashPlain(input);
  const record = input as Readonly<Record<string, Plain | undefined>>;
  const keys = Object.keys(record);
  let sum = 0x5be0cd19;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const value = record[key];
    if (value !== undefined) sum = (sum + finish32(mix32(hashString(key), hashInput(value)))) | 0;
  }
  return sum;
}
