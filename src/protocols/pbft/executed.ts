/**
 * Which requests were executed, and at which place of the dense order: replicated state, which follows from what
 * was executed alone. A client may have several requests outstanding, so the latest {@link REMEMBERED} sequence
 * numbers of each are remembered; what was answered, the sessions of the service know.
 *
 * The clients are as many as have keys: a request counts only with its client's proof.
 */

import type { Plain, ProcessId } from '../../kernel/index.js';

/** Sequence numbers that are told apart per client: more than one has outstanding. */
export const REMEMBERED = 128;

/** One client's requests: sequence s in place s mod {@link REMEMBERED}. */
class Row {
  readonly sequences = new Float64Array(REMEMBERED);
  readonly indexes = new Float64Array(REMEMBERED);
}

export class ExecutedRequests {
  private readonly rows = new Map<ProcessId, Row>();

  /** Place of this request in the dense order; 0 when it was not executed, or that is forgotten. */
  indexOf(client: ProcessId, sequence: number): number {
    const row = this.rows.get(client);
    if (row === undefined) return 0;
    const place = sequence % REMEMBERED;
    return row.sequences[place] === sequence ? (row.indexes[place] as number) : 0;
  }

  /** A request was executed for the first time, as far as is known. An older one gives way to a newer one. */
  note(client: ProcessId, sequence: number, index: number): void {
    let row = this.rows.get(client);
    if (row === undefined) {
      row = new Row();
      this.rows.set(client, row);
    }
    const place = sequence % REMEMBERED;
    if ((row.sequences[place] as number) >= sequence) return;
    row.sequences[place] = sequence;
    row.indexes[place] = index;
  }

  /** By client: client, then sequence and index of each place. */
  encode(): readonly (readonly number[])[] {
    const clients = [...this.rows.keys()].sort((a, b) => a - b);
    return clients.map((client) => {
      const { sequences, indexes } = this.rows.get(client) as Row;
      const flat = [client];
      for (let place = 0; place < REMEMBERED; place++) {
        if (sequences[place] !== 0) flat.push(sequences[place] as number, indexes[place] as number);
      }
      return flat;
    });
  }

  /** Becomes what {@link encode} said. */
  restore(encoded: Plain): void {
    this.rows.clear();
    for (const [client = 0, ...pairs] of encoded as readonly (readonly number[])[]) {
      for (let i = 0; i + 1 < pairs.length; i += 2) this.note(client, pairs[i] ?? 0, pairs[i + 1] ?? 0);
    }
  }

  clone(): ExecutedRequests {
    const copy = new ExecutedRequests();
    copy.restore(this.encode());
    return copy;
  }
}
