// What the tests of PBFT with MACs share: messages of any replica, proved to some or all of them.

import type { Proof } from '../../../src/kernel/index.js';
import {
  MacStatementType,
  StatementType,
  batchDigest,
  macNewViewDigest,
  macViewChangeDigest,
  newKeyDigest,
  viewChangeAckDigest,
  type Checkpoint,
  type Checkpointed,
  type Commit,
  type MacNewView,
  type MacViewChange,
  type NewKey,
  type PrePrepare,
  type Prepare,
  type Request,
  type Tuple,
  type ViewChangeAck,
} from '../../../src/protocols/pbft/index.js';
import { keysOf } from '../../world/keys.js';
import type { Bench } from './fixtures.js';

export const ALL = [0, 1, 2, 3];
export const GENESIS: Checkpointed = { sequence: 0, digest: 0 };

export function authenticate(
  signer: number,
  type: number,
  view: number,
  sequence: number,
  digest: number,
  receivers: readonly number[] = ALL,
): Proof {
  return keysOf(signer).authenticate({ type, configuration: 0, view, sequence, digest }, receivers);
}

/** By the primary of its view. */
export function prePrepare(
  view: number,
  sequence: number,
  requests: readonly Request[],
  receivers: readonly number[] = ALL,
): PrePrepare {
  const digest = requests.length === 0 ? 0 : batchDigest(requests);
  const proof = authenticate(view % 4, StatementType.prePrepare, view, sequence, digest, receivers);
  return { kind: 'PrePrepare', view, sequence, digest, requests, proof };
}

export function prepare(signer: number, view: number, sequence: number, digest: number): Prepare {
  const proof = authenticate(signer, StatementType.prepare, view, sequence, digest);
  return { kind: 'Prepare', view, sequence, digest, proof };
}

export function commit(signer: number, view: number, sequence: number, digest: number): Commit {
  const proof = authenticate(signer, StatementType.commit, view, sequence, digest);
  return { kind: 'Commit', view, sequence, digest, proof };
}

export function checkpoint(signer: number, { sequence, digest }: Checkpointed): Checkpoint {
  const proof = authenticate(signer, StatementType.checkpoint, 0, sequence, digest);
  return { kind: 'Checkpoint', sequence, digest, proof };
}

export interface Leaving {
  /** The first of them is stable. */
  readonly checkpoints?: readonly Checkpointed[];
  readonly prepared?: readonly Tuple[];
  readonly prePrepared?: readonly Tuple[];
  readonly receivers?: readonly number[];
  /** Where replicas recover. */
  readonly recovery?: number;
}

export function viewChange(
  signer: number,
  view: number,
  { checkpoints = [GENESIS], prepared = [], prePrepared = [], receivers, recovery }: Leaving = {},
): MacViewChange {
  const stable = (checkpoints[0] as Checkpointed).sequence;
  const said = { kind: 'MacViewChange', view, stable, checkpoints, prepared, prePrepared } as const;
  const body = recovery === undefined ? said : { ...said, recovery };
  const digest = macViewChangeDigest(body);
  return {
    ...body,
    proof: authenticate(signer, MacStatementType.viewChange, view, stable, digest, receivers),
  };
}

/** All of one view. */
export function acknowledge(
  signer: number,
  first: MacViewChange,
  ...more: readonly MacViewChange[]
): ViewChangeAck {
  const { view } = first;
  const acks = [first, ...more].flatMap((message) => [message.proof.signer, macViewChangeDigest(message)]);
  const body = { kind: 'ViewChangeAck', view, acks } as const;
  const proof = authenticate(signer, MacStatementType.viewChangeAck, view, 0, viewChangeAckDigest(body));
  return { ...body, proof };
}

/** By the primary of its view: what is chosen for the places above the checkpoint, in their order. */
export function newView(
  view: number,
  viewChanges: readonly MacViewChange[],
  start: Checkpointed,
  chosen: readonly number[] = [],
): MacNewView {
  const primary = view % 4;
  const choices = chosen.map((digest, i) => {
    const sequence = start.sequence + 1 + i;
    return {
      sequence,
      digest,
      proof: authenticate(primary, StatementType.prePrepare, view, sequence, digest),
    };
  });
  const body = { kind: 'MacNewView', view, viewChanges, checkpoint: start, choices } as const;
  return { ...body, proof: authenticate(primary, MacStatementType.newView, view, 0, macNewViewDigest(body)) };
}

/** The replica chooses new keys, and says so. Keys outlive tests. */
export function newKey(signer: number): NewKey {
  const keys = keysOf(signer);
  const body = { kind: 'NewKey', epoch: keys.refreshKeys() } as const;
  const statement = { type: MacStatementType.newKey, configuration: 0, view: 0, sequence: body.epoch };
  return { ...body, proof: keys.sign({ ...statement, digest: newKeyDigest(body) }) };
}

/** What the replica has said of its checkpoints since it was asked last, in order. */
export function ownCheckpoints(bench: Bench): Checkpointed[] {
  return bench
    .sent(0)
    .filter((message): message is Checkpoint => message.kind === 'Checkpoint')
    .map(({ sequence, digest }) => ({ sequence, digest }));
}
