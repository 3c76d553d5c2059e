/** What all scenarios of one exploration share: the cluster's shape, the replica's code, keys, requests, checkers. */

import {
  UsageError,
  type Authentication,
  type Command,
  type DiskImage,
  type Host,
  type Plain,
  type ProcessId,
  type Result,
  type StateMachine,
  mix32,
} from '../../kernel/index.js';
import {
  PbftCheckers,
  PbftGhost,
  RunGhost,
  quorumSizes,
  type CheckerContext,
  type ViolationSink,
} from '../../checkers/index.js';
import {
  IDENTITY_FILE,
  StatementType,
  PbftReplica,
  formatPbft,
  parsePbftSettings,
  type PbftReplicaClass,
  type Request,
} from '../../protocols/pbft/index.js';
import { makeCommand } from '../../services/index.js';
import { findBug } from '../../zoo/index.js';
import { idealAuthentication } from '../../world/index.js';
import type { TwinsShape } from './choices.js';
import { TwinNode, type DrivenReplica, type NodeObserver } from './twin-node.js';

/** Small windows: a checkpoint after every second batch. */
const SETTINGS = parsePbftSettings({
  'batch-size': 1,
  'batch-delay': 0,
  'checkpoint-interval': 2,
  window: 4,
});

/**
 * What a run of rounds cannot be judged by: views are changed from outside, without a time-out, by everybody at once,
 * and some are left out.
 */
const DRIVEN: ReadonlySet<string> = new Set(['pbft/patience']);

export class TwinsTerms implements CheckerContext {
  readonly servers: number;
  private readonly keys: Authentication;
  private readonly requests = new Map<number, Request>();
  private readonly reaches = new Map<readonly number[], readonly number[]>();
  private readonly Driven: PbftReplicaClass;
  private readonly members: readonly ProcessId[];

  constructor(
    readonly shape: TwinsShape,
    Class: PbftReplicaClass,
    /** Properties that are not judged. */
    readonly ignored = DRIVEN,
  ) {
    const { replicas } = shape;
    this.servers = replicas;
    this.members = Array.from({ length: replicas }, (_, member) => member);
    this.Driven = drivenFromOutside(Class);
    // The last identity is the client's.
    const identities = Array.from({ length: replicas + 1 }, (_, identity) => identity);
    this.keys = idealAuthentication({ seed: '', identities });
  }

  // ---- for a cluster ----

  createKeys(): Authentication {
    return this.keys;
  }

  createReplica(host: Host): DrivenReplica {
    return new this.Driven(host, this.members, new Tally(), SETTINGS) as DrivenReplica;
  }

  /** For a replica that is only looked at. */
  idleHost(): Host {
    const nobody: NodeObserver = {
      sent: () => undefined,
      reported: () => undefined,
      durable: () => undefined,
      removed: () => undefined,
    };
    return new TwinNode(0, 0, this.keys.of(0), nobody);
  }

  formattedDisk(identity: ProcessId): DiskImage {
    const slots = formatPbft(identity, 0).map(({ record }) => ({ intact: true, record, blankSectors: 0 }));
    return { files: () => [IDENTITY_FILE], read: (file) => (file === IDENTITY_FILE ? slots : []) };
  }

  createCheckers(sink: ViolationSink): PbftCheckers {
    const sizes = quorumSizes(this.shape.replicas, undefined);
    return new PbftCheckers(new PbftGhost(new RunGhost(this), sizes, SETTINGS.window, 0), sink, undefined);
  }

  /** Each copy of each round's leader has one of its own. */
  request(round: number, node: TwinNode['node']): Request {
    const sequence = round * (this.shape.replicas + this.shape.twins) + node + 1;
    let request = this.requests.get(sequence);
    if (request === undefined) {
      request = this.proved(makeCommand(this.shape.replicas, sequence, { put: sequence }));
      this.requests.set(sequence, request);
    }
    return request;
  }

  private proved(command: Command): Request {
    const { client, sequence, hash: digest } = command;
    const statement = { type: StatementType.request, configuration: 0, view: 0, sequence, digest };
    return { kind: 'Request', command, proof: this.keys.of(client).sign(statement) };
  }

  isTwin(identity: ProcessId): boolean {
    return identity < this.shape.twins;
  }

  /** By node: the set of the nodes in its part. */
  reachOf(parts: readonly number[]): readonly number[] {
    let reach = this.reaches.get(parts);
    if (reach === undefined) {
      reach = parts.map((part) =>
        parts.reduce((set, other, node) => (other === part ? set | (1 << node) : set), 0),
      );
      this.reaches.set(parts, reach);
    }
    return reach;
  }

  /** `n1` and, for the second copy of its identity, `n1'`. */
  nameOf(node: number): string {
    const { replicas } = this.shape;
    return node < replicas ? `n${node + 1}` : `n${node - replicas + 1}'`;
  }

  // ---- for checkers ----

  now(): number {
    return 0;
  }
  isUp(): boolean {
    return true;
  }
  generation(): number {
    return 0;
  }
  isFaulty(process: ProcessId): boolean {
    return this.isTwin(process);
  }
  durableRecords(): readonly unknown[] {
    return [];
  }
}

/** The replica, with a way to make it leave its view. */
function drivenFromOutside(Class: PbftReplicaClass): PbftReplicaClass {
  return class extends Class {
    leaveFor(view: number): void {
      if (view <= this.view) return;
      this.startViewChange(view);
      this.settle();
    }
  };
}

/** The replica's class of a bug of the zoo; without one, the correct class. Throws UsageError. */
export function pbftClassOf(bug: string | undefined): PbftReplicaClass {
  if (bug === undefined) return PbftReplica;
  const found = findBug(bug);
  const built = found.createProtocol?.();
  if (found.protocol !== 'pbft' || built === undefined) {
    throw new UsageError(
      'bug-of-other-protocol',
      `--bug: expected a bug in a replica of pbft, got ${found.id}`,
    );
  }
  const terms = new TwinsTerms({ replicas: 4, twins: 0, mostParts: 1 }, PbftReplica);
  return built.createReplica(terms.idleHost(), [0, 1, 2, 3], new Tally(), SETTINGS)
    .constructor as PbftReplicaClass;
}

/** The smallest service: how many commands were applied, and a hash of which. */
class Tally implements StateMachine {
  constructor(
    private count = 0,
    private hash = 0,
  ) {}

  apply({ hash }: { readonly hash: number }): Result {
    this.hash = mix32(this.hash, hash);
    return ++this.count;
  }
  digest(): number {
    return this.hash;
  }
  snapshot(): Plain {
    return [this.count, this.hash];
  }
  restore(snapshot: Plain): void {
    [this.count, this.hash] = snapshot as [number, number];
  }
  clone(): StateMachine {
    return new Tally(this.count, this.hash);
  }
}
