/**
 * Several real replicas on fake hosts, with a network that is a bag of messages: any may come next, twice, or never.
 * Everything is drawn from one seeded stream. A replica may be a liar: what it sends is changed and proved anew with
 * its own keys, differently for each receiver.
 */

import type { ProtocolEvent, Statement } from '../../../src/kernel/index.js';
import {
  IDENTITY_FILE,
  MacStatementType,
  PbftMacReplica,
  PbftReplica,
  StatementType,
  batchDataDigest,
  decisionDigest,
  fetchStateDigest,
  formatPbft,
  macNewViewDigest,
  macViewChangeDigest,
  newKeyDigest,
  newViewDigest,
  parsePbftSettings,
  queryStableDigest,
  recoveryReplyDigest,
  replyStableDigest,
  stateDataDigest,
  statusDigest,
  viewChangeAckDigest,
  viewChangeDigest,
  type PbftMessage,
  type PbftReplicaClass,
  type PeerMessage,
} from '../../../src/protocols/pbft/index.js';
import { createService } from '../../../src/services/index.js';
import { FakeHost } from '../fake-host.js';
import { LcgStream } from '../raft/random.js';
import { keysOf } from '../../world/keys.js';
import { CLIENT, LIAR_CLIENT, request, requestWithMacs } from './fixtures.js';

interface Flight {
  readonly from: number;
  readonly to: number;
  readonly message: PbftMessage;
}

export interface LabOptions {
  readonly replicas: number;
  readonly seed: number;
  /** Of 100 messages, how many are lost. */
  readonly loss: number;
  /** Of 1000 steps, how many are power failures. */
  readonly crashes: number;
  /** Replicas that lie. */
  readonly liars: readonly number[];
  /** How replicas prove what they say; default: by signatures. */
  readonly proofs?: 'macs';
  /** What runs in place of the correct replica. */
  readonly Class?: PbftReplicaClass;
}

export class Lab {
  private readonly random: LcgStream;
  private hosts: FakeHost<PbftMessage>[] = [];
  private replicas: PbftReplica[] = [];
  private flights: Flight[] = [];
  /** By replica: acts that were looked at. */
  private seen: number[] = [];
  private requests = 0;
  /** By place of the dense order: what was applied there first. */
  readonly order: number[] = [];
  /** By replica: the last place that it has applied since its start. */
  readonly applied: number[] = [];
  /** What went wrong; empty as long as nothing did. */
  readonly disagreements: string[] = [];
  readonly counts = new Map<string, number>();

  constructor(private readonly options: LabOptions) {
    this.random = new LcgStream(options.seed);
    for (let self = 0; self < options.replicas; self++) {
      const host = new FakeHost<PbftMessage>(self);
      host.format(
        IDENTITY_FILE,
        formatPbft(self, 0).map(({ record }) => record),
      );
      this.start(self, host);
    }
  }

  private start(self: number, host: FakeHost<PbftMessage>): void {
    const members = Array.from({ length: this.options.replicas }, (_, member) => member);
    const { proofs = 'signatures' } = this.options;
    const common = { 'checkpoint-interval': 2, 'batch-size': 2, 'state-chunk': 300 };
    const settings = parsePbftSettings({ ...common, proofs });
    const { Class = proofs === 'macs' ? PbftMacReplica : PbftReplica } = this.options;
    const replica = new Class(host, members, createService('kv'), settings);
    this.hosts[self] = host;
    this.replicas[self] = replica;
    this.seen[self] = 0;
    this.applied[self] = 0;
    replica.start(host.image());
    this.collect(self);
  }

  /** So many steps, each of them one of the things that may happen. */
  run(steps: number): void {
    for (let i = 0; i < steps; i++) this.step();
  }

  private step(): void {
    const { random } = this;
    const self = random.below(this.options.replicas);
    const what = random.below(1000);
    if (what < this.options.crashes) this.crash(self);
    else if (what < 60) this.ask();
    else if (what < 75) this.fire(self);
    else if (what < 300) this.syncOne(self);
    else this.deliverAny();
  }

  /** From now on nothing is lost and nobody fails: until everybody has applied everything. */
  heal(): boolean {
    this.ask();
    for (let round = 0; round < 120; round++) {
      for (let self = 0; self < this.options.replicas; self++) {
        this.replicas[self]?.timerFired('status');
        this.replicas[self]?.timerFired('batch');
        if (round % 4 === 3) this.fireIfSet(self, 'view-change');
        this.collect(self);
      }
      this.drain();
      const honest = this.applied.filter((_, self) => !this.options.liars.includes(self));
      if (round > 8 && honest.every((index) => index === this.order.length)) return true;
    }
    return false;
  }

  private drain(): void {
    for (let left = 100_000; left > 0; left--) {
      for (let self = 0; self < this.options.replicas; self++) this.sync(self);
      const flight = this.flights.shift();
      if (flight === undefined) return;
      this.deliver(flight);
    }
    throw new Error('the replicas never come to rest');
  }

  private ask(): void {
    const sequence = ++this.requests;
    const value = `v${this.random.below(5)}`;
    if (this.options.proofs === 'macs') this.askWithMacs(sequence, value);
    const message = request(sequence, value);
    for (let to = 0; to < this.options.replicas; to++) this.flights.push({ from: CLIENT, to, message });
  }

  /** Of a request that is sent again signed: with MACs, and of another client one whose MACs are good for a few. */
  private askWithMacs(sequence: number, value: string): void {
    const everybody = Array.from({ length: this.options.replicas }, (_, member) => member);
    const message = requestWithMacs(sequence, value, CLIENT, everybody);
    const few = requestWithMacs(sequence, value, LIAR_CLIENT, this.someReplicas());
    for (const to of everybody) {
      this.flights.push({ from: CLIENT, to, message });
      this.flights.push({ from: LIAR_CLIENT, to, message: few });
    }
  }

  private someReplicas(): number[] {
    return Array.from({ length: this.options.replicas }, (_, member) => member).filter(
      () => this.random.below(2) === 0,
    );
  }

  private fire(self: number): void {
    const names = ['batch', 'status', 'status', 'view-change'];
    this.fireIfSet(self, names[this.random.below(names.length)] as string);
  }

  private fireIfSet(self: number, name: string): void {
    if (this.hosts[self]?.timers.delete(name) !== true) return;
    this.replicas[self]?.timerFired(name);
    this.collect(self);
  }

  private sync(self: number): void {
    this.hosts[self]?.completeAll(this.replicas[self] as PbftReplica);
    this.collect(self);
  }

  private syncOne(self: number): void {
    const host = this.hosts[self] as FakeHost<PbftMessage>;
    if (host.syncsUnderWay === 0) return;
    host.completeNth(this.replicas[self] as PbftReplica, this.random.below(host.syncsUnderWay));
    this.collect(self);
  }

  private crash(self: number): void {
    const image = (this.hosts[self] as FakeHost).crashImage();
    const host = new FakeHost<PbftMessage>(self);
    for (const file of image.files()) {
      host.format(
        file,
        image.read(file).map(({ record }) => record),
      );
    }
    this.start(self, host);
  }

  private deliverAny(): void {
    const { random, flights } = this;
    if (flights.length === 0) return;
    const place = random.below(Math.min(flights.length, 40));
    const flight = flights[place] as Flight;
    // One in twenty comes again later.
    if (random.below(20) > 0) flights.splice(place, 1);
    if (random.below(100) >= this.options.loss) this.deliver(flight);
  }

  private deliver({ from, to, message }: Flight): void {
    this.replicas[to]?.receive(from, message);
    this.collect(to);
  }

  private collect(self: number): void {
    const { acts } = this.hosts[self] as FakeHost<PbftMessage>;
    for (; (this.seen[self] as number) < acts.length; (this.seen[self] as number)++) {
      const act = acts[this.seen[self] as number];
      if (act?.kind === 'sent') this.post(self, act.to, act.message);
      else if (act?.kind === 'event') this.note(self, act.event);
    }
  }

  private post(from: number, to: number, message: PbftMessage): void {
    if (to >= this.options.replicas) return;
    const isLie = this.options.liars.includes(from) && this.random.below(3) === 0;
    this.flights.push({ from, to, message: isLie ? this.lie(from, message) : message });
    if (isLie) this.count('lie');
  }

  private note(self: number, event: ProtocolEvent): void {
    this.count(event.kind === 'rejected' ? event.reason : event.kind);
    if (!this.options.liars.includes(self)) this.judge(self, event);
  }

  private count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  private judge(self: number, event: ProtocolEvent): void {
    if (event.kind === 'snapshot-installed') this.applied[self] = event.index;
    if (event.kind !== 'applied') return;
    const { index, hash } = event;
    if (index !== (this.applied[self] as number) + 1) this.disagreements.push(`${self} skips to ${index}`);
    this.applied[self] = index;
    const known = this.order[index - 1];
    if (known === undefined) this.order[index - 1] = hash;
    else if (known !== hash) this.disagreements.push(`${self} applies another thing at ${index}`);
  }

  // ---- lies ----

  /** One of the numbers in it is another one, or one of its lists is shorter; and it is proved anew. */
  private lie(self: number, message: PbftMessage): PbftMessage {
    const fields = Object.entries(message) as [string, unknown][];
    const open = fields.filter(([, value]) => typeof value === 'number' || Array.isArray(value));
    const [field, value] = open[this.random.below(open.length)] ?? ['', 0];
    const least = field === 'digest' ? -0x80000000 : 0;
    if (this.options.proofs === 'macs') return this.lieWithMacs(self, message, field, value);
    const changed: unknown = Array.isArray(value)
      ? value.slice(this.random.below(2))
      : Math.max(least, (value as number) + 2 * this.random.below(2) - 1);
    return proveAnew(self, { ...message, [field]: changed }, undefined);
  }

  /** Also elements of lists are other ones; and the MACs may be good for some replicas only. */
  private lieWithMacs(self: number, message: PbftMessage, field: string, value: unknown): PbftMessage {
    const receivers =
      this.random.below(2) === 0
        ? this.someReplicas()
        : Array.from({ length: this.options.replicas }, (_, i) => i);
    if (this.random.below(3) === 0) return proveAnew(self, message, receivers);
    return proveAnew(self, { ...message, [field]: this.another(field, value) }, receivers);
  }

  private another(field: string, value: unknown): unknown {
    if (Array.isArray(value)) {
      if (value.length === 0 || this.random.below(2) === 0) return value.slice(this.random.below(2));
      const place = this.random.below(value.length);
      return value.map((item: unknown, i) => (i === place ? this.another('', item) : item));
    }
    if (typeof value === 'number') {
      const least = field === 'digest' ? -0x80000000 : 0;
      return Math.max(least, value + 2 * this.random.below(2) - 1);
    }
    if (typeof value !== 'object' || value === null) return value;
    const numbers = (Object.entries(value) as [string, unknown][]).filter(
      ([, item]) => typeof item === 'number',
    );
    const [name, item] = numbers[this.random.below(numbers.length)] ?? ['', 0];
    return name === '' ? value : { ...value, [name]: this.another(name, item) };
  }
}

/** The content of the message, proved anew by this replica: signed, or with MACs for these receivers alone. */
function proveAnew(
  self: number,
  message: PbftMessage,
  receivers: readonly number[] | undefined,
): PbftMessage {
  if (message.kind === 'Request' || message.kind === 'Reply') return message;
  if (message.kind === 'ReadRequest' || message.kind === 'ReadReply') return message;
  const statement = statementOf(message);
  const keys = keysOf(self);
  const proof = receivers === undefined ? keys.sign(statement) : keys.authenticate(statement, receivers);
  return { ...message, proof };
}

function statementOf(message: PeerMessage): Statement {
  const { signature, mac } = { signature: StatementType, mac: MacStatementType };
  switch (message.kind) {
    case 'PrePrepare':
      return stated(signature.prePrepare, message.view, message.sequence, message.digest);
    case 'Prepare':
      return stated(signature.prepare, message.view, message.sequence, message.digest);
    case 'Commit':
      return stated(signature.commit, message.view, message.sequence, message.digest);
    case 'Checkpoint':
      return stated(signature.checkpoint, 0, message.sequence, message.digest);
    case 'FetchBatch':
      return stated(signature.fetchBatch, 0, message.sequence, message.digest);
    case 'ViewChange':
      return stated(signature.viewChange, message.view, message.stable.sequence, viewChangeDigest(message));
    case 'NewView':
      return stated(signature.newView, message.view, 0, newViewDigest(message));
    case 'Status':
      return stated(signature.status, message.view, message.executed, statusDigest(message));
    case 'Decision':
      return stated(signature.decision, message.view, message.sequence, decisionDigest(message));
    case 'BatchData':
      return stated(signature.batchData, 0, message.sequence, batchDataDigest(message));
    case 'FetchState':
      return stated(signature.fetchState, 0, message.sequence, fetchStateDigest(message));
    case 'StateData':
      return stated(signature.stateData, 0, message.certificate.sequence, stateDataDigest(message));
    case 'MacViewChange':
      return stated(mac.viewChange, message.view, message.stable, macViewChangeDigest(message));
    case 'ViewChangeAck':
      return stated(mac.viewChangeAck, message.view, 0, viewChangeAckDigest(message));
    case 'MacNewView':
      return stated(mac.newView, message.view, 0, macNewViewDigest(message));
    case 'NewKey':
      return stated(mac.newKey, 0, message.epoch, newKeyDigest(message));
    case 'QueryStable':
      return stated(mac.queryStable, 0, message.recovery, queryStableDigest(message));
    case 'ReplyStable':
      return stated(mac.replyStable, 0, message.recovery, replyStableDigest(message));
    case 'RecoveryReply':
      return stated(mac.recoveryReply, 0, message.recovery, recoveryReplyDigest(message));
  }
}

function stated(type: number, view: number, sequence: number, digest: number): Statement {
  return { type, configuration: 0, view, sequence, digest };
}
