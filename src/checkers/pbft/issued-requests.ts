/** Ghost: what clients have asked for, as the history has it. The latest sequence numbers of each are remembered. */

import type { Command, ProcessId } from '../../kernel/index.js';
import { IntColumn } from '../columns.js';

const REMEMBERED = 4096;

class Client {
  highest = 0;
  hashes = new IntColumn();
}

export class IssuedRequests {
  private readonly clients = new Map<ProcessId, Client>();

  issued({ client, sequence, hash }: Command): void {
    let known = this.clients.get(client);
    if (known === undefined) {
      known = new Client();
      this.clients.set(client, known);
    }
    known.hashes.set(sequence, hash);
    if (sequence <= known.highest) return;
    known.highest = sequence;
    // In steps: dropping moves what remains.
    if (sequence % REMEMBERED === 0) known.hashes.dropBelow(sequence - REMEMBERED);
  }

  /** False for a command that its client has not issued. True where that is forgotten. */
  isIssued({ client, sequence, hash }: Command): boolean {
    const known = this.clients.get(client);
    if (known === undefined || sequence > known.highest) return false;
    return sequence <= known.highest - REMEMBERED || known.hashes.get(sequence) === hash;
  }

  clone(): IssuedRequests {
    const copy = new IssuedRequests();
    for (const [client, { highest, hashes }] of this.clients) {
      copy.clients.set(client, { highest, hashes: hashes.clone() });
    }
    return copy;
  }
}
