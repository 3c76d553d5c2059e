/** Nobody but clients asks for anything. */

import type { Command, ProcessId } from '../../kernel/index.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const REQUEST_ISSUED = pbftSafety(
  'request-issued',
  'Every command that is executed was issued by its client.',
  'When a replica applies a command, its client has invoked an operation of that sequence number and content, or is faulty. The latest 4096 operations of each client are told apart. Judged at every application.',
  '§4.1 and §4.2, the signature of the client',
);

export class RequestIssued extends PbftChecker {
  override readonly info = REQUEST_ISSUED;

  onApplied(process: ProcessId, command: Command): void {
    if (this.ghost.isFaulty(command.client) || this.ghost.issued.isIssued(command)) return;
    const { client, sequence } = command;
    this.violate(
      `${this.ghost.name(process)} executed operation ${sequence} of ${this.ghost.name(client)}, who has never asked for it`,
    );
  }
}
