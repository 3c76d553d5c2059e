/**
 * What a lock service promises, and what only the resource can: at the service, nobody acquires what another holds,
 * and tokens grow; at the resource, no token is accepted after a higher one.
 *
 * Judged along the agreed order, from what clients were answered. Answers come late and in any order, so what is
 * known of each lock is kept sorted by place, and whatever comes is held against its neighbours. Operations whose
 * answer nobody heard leave gaps: they are bridged, not guessed.
 */

import type { HistoryEvent, Micros, Plain, ProcessId } from '../../kernel/index.js';
import { parseLockSettings } from '../../services/index.js';
import type { AppliedPlace } from '../any/agreed-order.js';
import { DECLARED_MODEL, type RunGhost } from '../any/ghost.js';
import type { InvariantInfo, ViolationSink } from '../checker.js';
import { processName } from '../names.js';
import type { ServiceJudge, ServiceJudges } from './judge.js';

const SOURCE =
  'Burrows, "The Chubby Lock Service for Loosely-Coupled Distributed Systems" (OSDI 2006), §2.4; Kleppmann, "How to do distributed locking" (2016)';

export const LOCK_EXCLUSION: InvariantInfo = {
  id: 'any/lock-exclusion',
  title: 'Nobody acquires a lock that another one holds, and every acquisition has a higher token.',
  statement:
    'Per lock, along the agreed order: of two acquisitions that were answered with tokens t at place p and u at place q > p, t < u, or t = u and both are by the same client. If u = t + 1, then between them a release of t was ordered, or the later one was granted at a time of the log not before the end of the lease t, as answered last. Judged at every answer (where a protocol answers before it applies for good, when it does), against the latest 64 that are known of its lock. Holds for the service `lock`.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'history',
  failureModel: DECLARED_MODEL,
  source: SOURCE,
};

export const LOCK_FENCING: InvariantInfo = {
  id: 'any/lock-fencing',
  title: 'The resource that a lock protects accepts no token after a higher one.',
  statement:
    'Per lock, along the agreed order: the tokens of writes that were answered as accepted never fall. So of two holders of which each believes that the lock is its own, the later one excludes the other. Judged like any/lock-exclusion, against the latest 64 that are known of its lock. Holds for the service `lock`.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'history',
  failureModel: DECLARED_MODEL,
  source: SOURCE,
};

/** What is known of one operation on a lock. Immutable. */
interface Fact {
  readonly place: number;
  readonly client: ProcessId;
  readonly sequence: number;
  readonly token: number;
  /** Of an acquisition: when it was granted, and until when, by the time of the log. */
  readonly at: Micros;
  readonly until: Micros;
}

/** What was answered, by which kind of operation, before its place was applied for good. Immutable. */
interface Early {
  readonly op: 'acquire' | 'write';
  readonly lock: number;
  readonly fact: Fact;
}

/** Facts of one kind that are remembered per lock. */
const FACTS_MAX = 64;
/** What is answered early is applied a moment later, or never, which is another property's. */
const EARLY_MAX = 256;

/** Of one lock, each sorted by place. */
class LockFacts {
  acquisitions: Fact[] = [];
  writes: Fact[] = [];
  /** Releases that were ordered, whatever they were answered. */
  releases: Fact[] = [];

  clone(): LockFacts {
    const copy = new LockFacts();
    copy.acquisitions = this.acquisitions.slice();
    copy.writes = this.writes.slice();
    copy.releases = this.releases.slice();
    return copy;
  }
}

class LockJudge implements ServiceJudge {
  private locks = new Map<number, LockFacts>();
  private early: Early[] = [];

  constructor(
    private readonly ghost: RunGhost,
    private readonly sink: ViolationSink,
    private readonly hasLeases: boolean,
  ) {}

  onPlace({ index, command }: AppliedPlace, hasEffect: boolean): void {
    if (command === undefined || !hasEffect) return;
    const { client, sequence, input } = command;
    this.settle(index, client, sequence);
    const { op, lock, token } = fieldsOf(input);
    if (op !== 'release' || typeof lock !== 'number' || typeof token !== 'number') return;
    const fact: Fact = { place: index, client, sequence, token, at: 0, until: 0 };
    insert(this.factsOf(lock).releases, fact);
  }

  /** All before this place is known now: what was answered early there is judged. */
  private settle(place: number, client: ProcessId, sequence: number): void {
    if (this.early.length === 0) return;
    const at = this.early.findIndex(({ fact }) => fact.client === client && fact.sequence === sequence);
    if (at < 0) return;
    const [{ op, lock, fact }] = this.early.splice(at, 1) as [Early];
    this.answered(op, lock, { ...fact, place });
  }

  onHistory(event: HistoryEvent): void {
    const { kind, client, sequence, input, output } = event;
    if (kind !== 'ok') return;
    const { op, lock, token } = fieldsOf(input);
    if (typeof lock !== 'number' || (op !== 'acquire' && op !== 'write')) return;
    const place = this.ghost.order.indexOf(client, sequence) || event.index;
    if (place === 0) return;
    const answer = fieldsOf(output);
    if (op === 'acquire' && typeof answer.token === 'number') {
      const { at = 0, until = 0 } = answer as { readonly at?: Micros; readonly until?: Micros };
      this.told(op, lock, { place, client, sequence, token: answer.token, at, until });
    } else if (op === 'write' && answer.ok === true && typeof token === 'number') {
      this.told(op, lock, { place, client, sequence, token, at: 0, until: 0 });
    }
  }

  /** A protocol may answer before it applies for good; what comes before that place is then not known yet. */
  private told(op: Early['op'], lock: number, fact: Fact): void {
    if (fact.place <= this.ghost.order.last) {
      this.answered(op, lock, fact);
      return;
    }
    this.early.push({ op, lock, fact });
    if (this.early.length > EARLY_MAX) this.early.shift();
  }

  private answered(op: Early['op'], lock: number, fact: Fact): void {
    if (op === 'acquire') this.acquired(lock, fact);
    else this.wrote(lock, fact);
  }

  onEnd(): void {
    // All is judged as it comes.
  }

  clone(ghost: RunGhost, sink: ViolationSink): LockJudge {
    const copy = new LockJudge(ghost, sink, this.hasLeases);
    for (const [lock, facts] of this.locks) copy.locks.set(lock, facts.clone());
    copy.early = this.early.slice();
    return copy;
  }

  private acquired(lock: number, fact: Fact): void {
    const facts = this.factsOf(lock);
    const place = insert(facts.acquisitions, fact);
    const before = facts.acquisitions[place - 1];
    const after = facts.acquisitions[place + 1];
    if (before !== undefined) this.judgePair(lock, facts, before, fact);
    if (after !== undefined) this.judgePair(lock, facts, fact, after);
  }

  /** Two acquisitions that follow each other, as far as is known. */
  private judgePair(lock: number, facts: LockFacts, earlier: Fact, later: Fact): void {
    const isRenewal = earlier.token === later.token && earlier.client === later.client;
    if (isRenewal) return;
    if (later.token <= earlier.token) {
      this.sink.report(
        LOCK_EXCLUSION.id,
        `${this.nameOf(later)} acquired lock ${lock} with token ${later.token}, after ${this.nameOf(earlier)} had token ${earlier.token}`,
      );
      return;
    }
    if (later.token !== earlier.token + 1 || this.hasEnded(facts, earlier, later)) return;
    this.sink.report(
      LOCK_EXCLUSION.id,
      `${this.nameOf(later)} acquired lock ${lock} at log time ${later.at}, though ${this.nameOf(earlier)} held it until ${earlier.until}`,
    );
  }

  /** The earlier acquisition was over when the later one came: by its lease, or released in between. */
  private hasEnded({ releases }: LockFacts, earlier: Fact, later: Fact): boolean {
    if (this.hasLeases && later.at >= earlier.until) return true;
    // Some that came in between may be forgotten.
    if (releases.length === FACTS_MAX && (releases[0] as Fact).place > earlier.place) return true;
    return releases.some(
      ({ place, token }) => token === earlier.token && place > earlier.place && place < later.place,
    );
  }

  private wrote(lock: number, fact: Fact): void {
    const { writes } = this.factsOf(lock);
    const place = insert(writes, fact);
    const before = writes[place - 1];
    const after = writes[place + 1];
    const [earlier, later] =
      before !== undefined && before.token > fact.token
        ? [before, fact]
        : after !== undefined && after.token < fact.token
          ? [fact, after]
          : [undefined, undefined];
    if (earlier === undefined || later === undefined) return;
    this.sink.report(
      LOCK_FENCING.id,
      `the resource of lock ${lock} took ${this.nameOf(later)} with token ${later.token}, after ${this.nameOf(earlier)} with token ${earlier.token}`,
    );
  }

  private nameOf({ client, sequence }: Fact): string {
    return `operation ${sequence} of ${processName(client, this.ghost.servers)}`;
  }

  private factsOf(lock: number): LockFacts {
    let facts = this.locks.get(lock);
    if (facts === undefined) this.locks.set(lock, (facts = new LockFacts()));
    return facts;
  }
}

/** Puts a fact in its place among those before and after, and forgets the oldest; says where it is now. */
function insert(facts: Fact[], fact: Fact): number {
  let place = facts.length;
  while (place > 0 && (facts[place - 1] as Fact).place > fact.place) place--;
  facts.splice(place, 0, fact);
  if (facts.length <= FACTS_MAX) return place;
  facts.shift();
  return place - 1;
}

interface LockFields {
  readonly op?: Plain;
  readonly lock?: Plain;
  readonly token?: Plain;
  readonly ok?: Plain;
}

function fieldsOf(plain: Plain): LockFields {
  return plain === null || typeof plain !== 'object' ? {} : (plain as LockFields);
}

export const LOCK_JUDGES: ServiceJudges = {
  history: 'lock',
  invariants: [LOCK_EXCLUSION, LOCK_FENCING],
  create: (ghost, sink, { settings }) => [
    new LockJudge(ghost, sink, parseLockSettings(settings).leaseMicros > 0),
  ],
};
