/**
 * What an auditor has been handed, as far as it is proved: the signed statements of some transcripts, each once, with
 * those that no third party can check left out. A transcript may come from a liar: it can leave things out, and that
 * is all.
 */

import type { Authenticator, Message, ProcessId } from '../../../kernel/index.js';
import type { Validator } from '../../../protocols/pbft/index.js';
import { statementOf, testimoniesOf, type Testimony } from './testimony.js';

/** What one replica has received and sent, in any order. */
export interface Transcript {
  readonly replica: ProcessId;
  readonly messages: Iterable<Message>;
}

/** Checks messages for form, and signatures as a third party would. */
export interface Notary {
  readonly validator: Pick<Validator, 'accepts'>;
  /** Of somebody who receives no MACs of replicas: what it verifies, everybody can. */
  readonly authenticator: Pick<Authenticator, 'verifySignature'>;
}

export class Archive {
  private readonly known = new Map<string, Testimony>();
  /** Statements that came with no signature that a third party can check. */
  unproved = 0;

  constructor(private readonly notary: Notary) {}

  static of(transcript: Transcript, notary: Notary): Archive {
    const archive = new Archive(notary);
    for (const message of transcript.messages) archive.add(message);
    return archive;
  }

  static union(archives: readonly Archive[], notary: Notary): Archive {
    const union = new Archive(notary);
    for (const { known, unproved } of archives) {
      for (const [key, testimony] of known) union.known.set(key, testimony);
      union.unproved += unproved;
    }
    return union;
  }

  /** Anything at all may be handed in; what is malformed says nothing. */
  add(message: Message): void {
    if (!this.notary.validator.accepts(message)) return;
    for (const testimony of testimoniesOf(message)) this.take(testimony);
  }

  private take(testimony: Testimony): void {
    const key = keyOf(testimony);
    if (this.known.has(key)) return;
    const { signer, proof } = testimony;
    if (this.notary.authenticator.verifySignature(signer, statementOf(testimony), proof))
      this.known.set(key, testimony);
    else this.unproved++;
  }

  get size(): number {
    return this.known.size;
  }

  /** In an order that depends on what is proved alone, not on who handed it in. */
  all(): Testimony[] {
    return [...this.known.values()].sort(compare);
  }
}

function keyOf({ signer, type, view, sequence, digest }: Testimony): string {
  return `${signer} ${type} ${view} ${sequence} ${digest}`;
}

function compare(a: Testimony, b: Testimony): number {
  return (
    a.signer - b.signer ||
    a.view - b.view ||
    a.sequence - b.sequence ||
    a.type - b.type ||
    a.digest - b.digest
  );
}
