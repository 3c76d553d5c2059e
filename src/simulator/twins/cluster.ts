/**
 * A cluster of a Twins scenario: real replicas, some identities run twice, and a network that is a queue. Forks by
 * copying, so that scenarios share the work of the rounds with which they begin.
 *
 * A round is a phase of the protocol under one partition. First the commits that were sent in the round before arrive,
 * then, when the leader is another one, everybody leaves for the next view of that leader; the leader is given a new
 * request, each of its copies another one; and all messages are delivered until nobody has anything more to say, but
 * for commits, which wait for the next round. What a partition cuts off is lost. So what is prepared and what is
 * committed of it are separated by any partition, and by any view change.
 */

import {
  hashPlain,
  mix32,
  type Authentication,
  type Message,
  type Plain,
  type ProcessId,
  type ProtocolEvent,
} from '../../kernel/index.js';
import type { PbftCheckers } from '../../checkers/index.js';
import { ViolationSink, type Violation } from '../../checkers/index.js';
import { hashPbftMessage } from '../../protocols/pbft/index.js';
import type { Round } from './choices.js';
import type { TwinsTerms } from './terms.js';
import { TwinNode, type NodeObserver } from './twin-node.js';

/** A message on its way, to every copy of an identity. */
interface Flight {
  readonly from: number;
  readonly to: ProcessId;
  readonly message: Message;
}

/** No round takes nearly as many deliveries. */
const MOST_DELIVERIES = 100_000;

export class TwinsCluster implements NodeObserver {
  private nodes: TwinNode[] = [];
  private queue: Flight[] = [];
  /** Commits of the last round. */
  private held: Flight[] = [];
  private view = 0;
  private rounds = 0;
  /** By node: the set of nodes that it reaches in this round. */
  private reach: readonly number[] = [];

  private constructor(
    private readonly terms: TwinsTerms,
    private readonly authentication: Authentication,
    private readonly sink: ViolationSink,
    private readonly checkers: PbftCheckers,
    /** Hears every message that a copy receives or sends; for tests and audits. */
    private readonly tap: ((node: number, message: Message) => void) | undefined,
  ) {}

  /** At the beginning: all copies have started, nothing was asked for. */
  static create(terms: TwinsTerms, tap?: (node: number, message: Message) => void): TwinsCluster {
    const sink = new ViolationSink(terms.ignored);
    const cluster = new TwinsCluster(terms, terms.createKeys(), sink, terms.createCheckers(sink), tap);
    const { replicas, twins } = terms.shape;
    for (let node = 0; node < replicas + twins; node++) cluster.add(node, node % replicas);
    return cluster;
  }

  private add(number: number, identity: ProcessId): void {
    const node = new TwinNode(number, identity, this.authentication.of(identity), this);
    node.replica = this.terms.createReplica(node);
    this.nodes.push(node);
    const disk = this.terms.formattedDisk(identity);
    if (!this.terms.isTwin(identity)) this.checkers.onStart(identity, 1, disk);
    this.guarded(node, () => node.replica.start(disk));
  }

  get violation(): Violation | undefined {
    return this.sink.violation;
  }

  /** By node: how far it has executed. */
  executed(): number[] {
    return this.nodes.map(
      ({ replica }) => (replica.encode() as { readonly lastExecuted: number }).lastExecuted,
    );
  }

  // ---- rounds ----

  play({ parts, leader }: Round): void {
    this.reach = this.terms.reachOf(parts);
    this.rounds++;
    this.release();
    this.changeView(leader);
    this.ask(leader);
    this.drain();
  }

  /** What was committed last arrives as well, under the last partition. */
  finish(): void {
    this.release();
  }

  private release(): void {
    const { held } = this;
    this.held = [];
    for (const flight of held) this.deliver(flight);
    this.drain();
  }

  private changeView(leader: number): void {
    const { replicas } = this.terms.shape;
    if (this.view % replicas === leader) return;
    while (this.view % replicas !== leader) this.view++;
    for (const node of this.nodes) this.guarded(node, () => node.replica.leaveFor(this.view));
  }

  private ask(leader: number): void {
    for (const node of this.nodes) {
      if (node.self !== leader) continue;
      const request = this.terms.request(this.rounds, node.node);
      this.checkers.ghost.issued.issued(request.command);
      this.guarded(node, () => node.replica.receive(request.command.client, request));
    }
  }

  private drain(): void {
    const { queue } = this;
    for (let i = 0; i < queue.length; i++) {
      if (this.sink.violation !== undefined) break;
      if (i > MOST_DELIVERIES) this.sink.report('any/no-crash', 'the replicas never come to rest');
      this.deliver(queue[i] as Flight);
    }
    queue.length = 0;
  }

  private deliver({ from, to, message }: Flight): void {
    const reach = this.reach[from] as number;
    const { replicas } = this.terms.shape;
    for (let node = to; node < this.nodes.length; node += replicas) {
      if ((reach & (1 << node)) === 0) continue;
      const receiver = this.nodes[node] as TwinNode;
      if (receiver.haltReason !== undefined) continue;
      this.tap?.(node, message);
      this.guarded(receiver, () => receiver.replica.receive((this.nodes[from] as TwinNode).self, message));
    }
  }

  /** An exception in a replica is a found bug. */
  private guarded(node: TwinNode, act: () => void): void {
    if (node.haltReason !== undefined) return;
    try {
      act();
      node.settle();
    } catch (error) {
      this.sink.report('any/no-crash', `${this.terms.nameOf(node.node)} threw ${String(error)}`);
    }
  }

  // ---- what copies do ----

  sent(node: TwinNode, to: ProcessId, message: Message): void {
    if (to >= this.terms.shape.replicas) return;
    this.tap?.(node.node, message);
    if (!this.terms.isTwin(node.self)) this.checkers.onSend(node.self, to, message);
    (message.kind === 'Commit' ? this.held : this.queue).push({ from: node.node, to, message });
  }

  reported(node: TwinNode, event: ProtocolEvent): void {
    if (!this.terms.isTwin(node.self)) this.checkers.onProtocolEvent(node.self, event);
  }

  durable(node: TwinNode, file: string, slot: number, record: unknown): void {
    if (!this.terms.isTwin(node.self)) this.checkers.onDurableRecord(node.self, file, slot, record);
  }

  removed(node: TwinNode, file: string): void {
    if (!this.terms.isTwin(node.self)) this.checkers.onDurableCut(node.self, file, 0);
  }

  // ---- as a value ----

  fork(): TwinsCluster {
    const sink = this.sink.clone();
    const { terms, authentication, checkers } = this;
    const copy = new TwinsCluster(
      terms,
      authentication,
      sink,
      checkers.clone(checkers.ghost.run, sink),
      this.tap,
    );
    copy.nodes = this.nodes.map((node) => node.clone(copy));
    copy.held = this.held.slice();
    copy.view = this.view;
    copy.rounds = this.rounds;
    return copy;
  }

  /**
   * Hash of everything that what may come depends on: equal hashes (of enough bits) mean that the same rounds come to
   * the same. Left out is what only times things and counts them.
   */
  hash(seed: number): number {
    let hash = mix32(seed, this.view);
    for (const { replica, haltReason } of this.nodes) {
      hash = mix32(hash, haltReason === undefined ? hashPlain(essenceOf(replica.encode()), seed) : 1);
    }
    for (const { from, to, message } of this.held) {
      hash = mix32(mix32(mix32(hash, from), to), hashPbftMessage(message));
    }
    return mix32(hash, this.checkers.ghost.hash(seed));
  }
}

/** Parts of a replica's encoding that decide nothing once all is durable: counts, and what times it. */
const INESSENTIAL: ReadonlySet<string> = new Set(['journal', 'attempts', 'tick', 'store']);

function essenceOf(encoding: Plain): Plain {
  const fields = Object.entries(encoding as Readonly<Record<string, Plain>>);
  return Object.fromEntries(fields.filter(([name]) => !INESSENTIAL.has(name)));
}
