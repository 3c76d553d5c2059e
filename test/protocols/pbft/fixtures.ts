// What the tests of PBFT share: proved messages of any replica, and a replica on a fake host.

import type {
  Authenticator,
  ClusterShape,
  DiskSlot,
  Message,
  Plain,
  Proof,
} from '../../../src/kernel/index.js';
import {
  IDENTITY_FILE,
  PbftMacReplica,
  PbftReplica,
  StatementType,
  configurationOf,
  batchDigest,
  formatPbft,
  newViewDigest,
  parsePbftSettings,
  viewChangeDigest,
  type Checkpoint,
  type Choice,
  type Commit,
  type NewView,
  type PbftMessage,
  type PrePrepare,
  type Prepare,
  type PreparedCertificate,
  type Request,
  type StableCertificate,
  type ViewChange,
} from '../../../src/protocols/pbft/index.js';
import { createService, makeCommand } from '../../../src/services/index.js';
import { keysOf } from '../../world/keys.js';
import { FakeHost } from '../fake-host.js';

export const CLIENT = 40;
export const LIAR_CLIENT = 41;
export const GENESIS: StableCertificate = { sequence: 0, digest: 0, proofs: [] };

type TypeName = keyof typeof StatementType;

export function prove(signer: number, type: TypeName, view: number, sequence: number, digest: number): Proof {
  const keys: Authenticator = keysOf(signer);
  return keys.sign({
    type: StatementType[type],
    configuration: configurationOf(view),
    view,
    sequence,
    digest,
  });
}

export function request(sequence: number, value = 'x', client = CLIENT): Request {
  const command = makeCommand(client, sequence, { op: 'put', key: 'k', value });
  return { kind: 'Request', command, proof: prove(client, 'request', 0, sequence, command.hash) };
}

/** With a MAC for each of these receivers in place of the signature. */
export function requestWithMacs(
  sequence: number,
  value: string,
  client: number,
  receivers: readonly number[],
): Request {
  const { command } = request(sequence, value, client);
  const type = StatementType.request;
  const statement = { type, configuration: 0, view: 0, sequence, digest: command.hash };
  return { kind: 'Request', command, proof: keysOf(client).authenticate(statement, receivers) };
}

export function prePrepare(
  signer: number,
  view: number,
  sequence: number,
  requests: readonly Request[],
): PrePrepare {
  const digest = batchDigest(requests);
  const proof = prove(signer, 'prePrepare', view, sequence, digest);
  return { kind: 'PrePrepare', view, sequence, digest, requests, proof };
}

export function prepare(signer: number, view: number, sequence: number, digest: number): Prepare {
  return { kind: 'Prepare', view, sequence, digest, proof: prove(signer, 'prepare', view, sequence, digest) };
}

export function commit(signer: number, view: number, sequence: number, digest: number): Commit {
  return { kind: 'Commit', view, sequence, digest, proof: prove(signer, 'commit', view, sequence, digest) };
}

export function checkpoint(signer: number, sequence: number, digest: number): Checkpoint {
  return { kind: 'Checkpoint', sequence, digest, proof: prove(signer, 'checkpoint', 0, sequence, digest) };
}

export function stable(signers: readonly number[], sequence: number, digest: number): StableCertificate {
  return { sequence, digest, proofs: signers.map((signer) => checkpoint(signer, sequence, digest).proof) };
}

export function prepared(
  primary: number,
  backups: readonly number[],
  view: number,
  sequence: number,
  digest: number,
): PreparedCertificate {
  return {
    view,
    sequence,
    digest,
    prePrepare: prove(primary, 'prePrepare', view, sequence, digest),
    prepares: backups.map((backup) => prove(backup, 'prepare', view, sequence, digest)),
  };
}

export function viewChange(
  signer: number,
  view: number,
  certificates: readonly PreparedCertificate[] = [],
  from: StableCertificate = GENESIS,
): ViewChange {
  const body = { kind: 'ViewChange', view, stable: from, prepared: certificates } as const;
  return { ...body, proof: prove(signer, 'viewChange', view, from.sequence, viewChangeDigest(body)) };
}

export function choice(signer: number, view: number, sequence: number, digest: number): Choice {
  return { sequence, digest, proof: prove(signer, 'prePrepare', view, sequence, digest) };
}

export function newView(
  signer: number,
  view: number,
  viewChanges: readonly ViewChange[],
  choices: readonly Choice[],
): NewView {
  const body = { kind: 'NewView', view, viewChanges, choices } as const;
  return { ...body, proof: prove(signer, 'newView', view, 0, newViewDigest(body)) };
}

/** One replica of `n` on a host that does only what it is told. */
export class Bench {
  host: FakeHost<PbftMessage>;
  replica: PbftReplica;

  constructor(
    readonly self: number,
    readonly n = 4,
    private readonly raw: Readonly<Record<string, unknown>> = {},
    private readonly cluster?: ClusterShape,
  ) {
    this.host = new FakeHost(self);
    this.host.format(
      IDENTITY_FILE,
      formatPbft(self, 0).map(({ record }) => record),
    );
    this.replica = this.create();
    this.replica.start(this.host.image());
  }

  private create(): PbftReplica {
    const members = Array.from({ length: this.n }, (_, member) => member);
    const settings = parsePbftSettings(this.raw, this.cluster);
    const Class = settings.proofs === 'macs' ? PbftMacReplica : PbftReplica;
    return new Class(this.host, members, createService('kv'), settings);
  }

  /** Delivers messages, each from the one who proved it. */
  receive(...messages: (PbftMessage & { readonly proof: Proof })[]): this {
    for (const message of messages) this.replica.receive(message.proof.signer, message);
    return this;
  }

  from(sender: number, message: Message): this {
    this.replica.receive(sender, message);
    return this;
  }

  /** Completes all that is on its way to the disk. */
  sync(): this {
    this.host.completeAll(this.replica);
    return this;
  }

  /** Loses power, and starts from what was durable; of each file, what `left` leaves of that. */
  crash(left = (slots: readonly DiskSlot[]): readonly DiskSlot[] => slots): this {
    const image = this.host.crashImage();
    const host = new FakeHost<PbftMessage>(this.self);
    for (const file of image.files()) {
      host.format(
        file,
        left(image.read(file)).map(({ record }) => record),
      );
    }
    this.host = host;
    this.replica = this.create();
    this.replica.start(host.image());
    return this;
  }

  /** Kinds of what was sent since the last call, to replica `to` or to anybody, in order. */
  sent(to?: number): PbftMessage[] {
    return this.host
      .take()
      .filter((act) => to === undefined || act.to === to)
      .map(({ message }) => message);
  }

  rejections(): string[] {
    return this.host.events.flatMap((event) => (event.kind === 'rejected' ? [event.reason] : []));
  }

  applied(): number[] {
    return this.host.events.flatMap((event) => (event.kind === 'applied' ? [event.index] : []));
  }

  /** A part of the replica's encoding. */
  state(key: string): Plain {
    return (this.replica.encode() as Readonly<Record<string, Plain>>)[key] ?? null;
  }
}

export function kinds(messages: readonly PbftMessage[]): string[] {
  return messages.map(({ kind }) => kind);
}
