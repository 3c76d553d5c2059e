/**
 * Which requests were executed, and at which place of the dense order: replicated state, which follows from what
 * was executed alone. A client may have several requests outstanding, so the latest {@link REMEMBERED} sequence
 * numbers of each are remembered; what was answered, the sessions of the service know.
 *
 * The clients are as many as have keys: a request counts only with its client's proof.
 */

import { finish32, mix32, mixInteger, type Plain, type ProcessId } from '../../kernel/index.js';

/** Sequence numbers that are told apart per client: more than one has outstanding. */
export const REMEMBERED = 128;

/** One client's requests: sequence s in place s mod {@link REMEMBERED}. */
class Row {
  readonly sequences = new Float64Array(REMEMBERED);
  readonly indexes = new Float64Array(REMEMBERED);
  /** Digests of the pairs of both. */
  readonly digests = new Int32Array(REMEMBERED);
  /** Places in use. */
  count = 0;
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

  /** It was executed, or one so much later was that nobody remembers it: it is too late for it. */
  isPast(client: ProcessId, sequence: number): boolean {
    const row = this.rows.get(client);
    return row !== undefined && (row.sequences[sequence % REMEMBERED] as number) >= sequence;
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
    if (row.sequences[place] === 0) row.count++;
    row.sequences[place] = sequence;
    row.indexes[place] = index;
    row.digests[place] = pairDigest(sequence, index);
  }

  /** The highest sequence that is known of this client; 0: none. */
  latestOf(client: ProcessId): number {
    const row = this.rows.get(client);
    let latest = 0;
    for (let place = 0; row !== undefined && place < REMEMBERED; place++) {
      latest = Math.max(latest, row.sequences[place] as number);
    }
    return latest;
  }

  /** Everybody of whom anything was executed, ascending. */
  clients(): ProcessId[] {
    return [...this.rows.keys()].sort((a, b) => a - b);
  }

  /** By client: client, then sequence and index of each place. */
  encode(): readonly (readonly number[])[] {
    return this.clients().map((client) => {
      const { sequences, indexes, count } = this.rows.get(client) as Row;
      const flat = new Array<number>(1 + 2 * count);
      flat[0] = client;
      let length = 1;
      for (let place = 0; place < REMEMBERED; place++) {
        if (sequences[place] === 0) continue;
        flat[length++] = sequences[place] as number;
        flat[length++] = indexes[place] as number;
      }
      return flat;
    });
  }

  /** {@link executedDigest} of what {@link encode} says. */
  digest(): number {
    let hash = TABLE;
    for (const client of this.clients()) {
      const { sequences, digests, count } = this.rows.get(client) as Row;
      hash = mixInteger(hash, client);
      for (let place = 0; place < REMEMBERED; place++) {
        if (sequences[place] !== 0) hash = mix32(hash, digests[place] as number);
      }
      hash = mix32(hash, count);
    }
    return finish32(hash);
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

const TABLE = 0x71374491;

function pairDigest(sequence: number, index: number): number {
  return finish32(mixInteger(mixInteger(0x428a2f98, sequence), index));
}

/** Digest of encoded requests; undefined: it is no encoding of any. */
export function executedDigest(encoded: Plain): number | undefined {
  if (!Array.isArray(encoded)) return undefined;
  let hash = TABLE;
  for (const row of encoded as readonly Plain[]) {
    if (!isRow(row)) return undefined;
    hash = mixInteger(hash, row[0] as number);
    for (let i = 1; i < row.length; i += 2) {
      hash = mix32(hash, pairDigest(row[i] as number, row[i + 1] as number));
    }
    hash = mix32(hash, (row.length - 1) / 2);
  }
  return finish32(hash);
}

/** A client, and pairs of numbers. */
function isRow(row: Plain): row is readonly number[] {
  if (!Array.isArray(row) || row.length % 2 !== 1) return false;
  return (row as readonly Plain[]).every((item) => Number.isSafeInteger(item));
}
