/** How a client's command is made, and what size it has. */

import { commandBytes, hashCommand } from '../kernel/index.js';
import type { Command, Plain, ProcessId, ReadMode } from '../kernel/index.js';

export { hashCommand } from '../kernel/index.js';

/** The command that carries operation number `sequence` (from 1) of a client. */
export function makeCommand(
  client: ProcessId,
  sequence: number,
  input: Plain,
  read: ReadMode | undefined = undefined,
): Command {
  const hash = hashCommand(client, sequence, input);
  return { client, sequence, input, read, hash, bytes: commandBytes(input) };
}
