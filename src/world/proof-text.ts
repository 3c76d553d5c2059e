/** How proofs read, in replicas' encodings and in traces. The same for ideal and for real ones. */

import { hex32, type ProcessId, type Statement } from '../kernel/index.js';

/** `3:sig(1,0,4,17,1a2b3c4d)`. */
export function signatureText(signer: ProcessId, statement: Statement): string {
  return `${signer}:sig${statementText(statement)}`;
}

/** `3:mac>0,1,2@5(1,0,4,17,1a2b3c4d)`: receivers in ascending order, with the epoch of their keys unless 0. */
export function macText(
  signer: ProcessId,
  statement: Statement,
  receivers: readonly ProcessId[],
  epochs: readonly number[],
): string {
  const texts = receivers.map((receiver) => {
    const epoch = epochs[receiver] as number;
    return epoch === 0 ? `${receiver}` : `${receiver}@${epoch}`;
  });
  return `${signer}:mac>${texts.join(',')}${statementText(statement)}`;
}

function statementText({ type, configuration, view, sequence, digest }: Statement): string {
  return `(${type},${configuration},${view},${sequence},${hex32(digest)})`;
}
