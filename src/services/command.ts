/** How a client's command is made, and what size it has. */

import { hashCommand, plainBytes } from '../kernel/index.js';
import type { Command, Plain, ProcessId, ReadMode } from '../kernel/index.js';

export { hashCommand } from '../kernel/index.js';

/** Size of a command without its input: client, sequence, checksum. */
const HEADER_BYTES = 24;

/** The command that carries operation number `sequence` (from 1) of a client. */
export function makeCommand(
  client: ProcessId,
  sequence: number,
  input: Plain,
  read: ReadMode | undefined = undefined,
): Command {
  const hash = hashCommand(client, sequence, input);
  return { client, sequence, input, read, hash, bytes: HEADER_BYTES + plainBytes(input) };
}
