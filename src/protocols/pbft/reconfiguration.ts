/**
 * Reconfiguration: who takes part changes at a checkpoint, by the word of the operator and by agreement.
 *
 * 1. The operator's signed request is ordered and executed like any other. What is left up to the next checkpoint is
 *    filled with null requests; nothing of this configuration is ever executed above it.
 * 2. The replicas say the checkpoint's digest and, in the same statement, that the next configuration takes over. A
 *    quorum of the OLD configuration makes it stable, over a state that contains the change.
 * 3. Whoever has that certificate and the state acts by the new configuration from there on, and nobody else does:
 *    a member that lacks the state first fetches it (from members and those that were members before) and says nothing
 *    before. A replica that is no member any more votes on nothing; it still hands on how things came about, and the
 *    state with which the configuration began, which may be nowhere else.
 *
 * Safety: two configurations never decide the same place. One decides only up to its last batch, which is part of
 * its own agreed state, so that all its correct replicas stop at the same place; the next begins right after it, and
 * only where a quorum of the old one, which shares a correct replica with every other quorum of it, has certified so.
 * Statements name the configuration's number, so votes of an old one are worth nothing in a later one. The switch
 * is durable before anything that binds leaves in the new configuration: it is promised like everything else.
 */

import type { Plain, ProcessId } from '../../kernel/index.js';
import type { CheckpointState } from './checkpoint.js';
import type { Configuration } from './configuration.js';
import { NEVER } from './core.js';
import { followLink, MOST_LINKS, type Handover, type Inquiry, type Link } from './handover.js';
import type { Request, Sequence } from './messages.js';
import { Window } from './slot.js';
import { PbftStatus } from './status.js';
import { requestsBytes, stableBytes } from './wire.js';

/** Ticks without anything executed after which a replica asks whether it was left behind. */
const PATIENCE = 2;
/** Inquiries of one process that are answered in one tick. */
const MOST_ANSWERS = 8;

export abstract class PbftReconfiguration extends PbftStatus {
  private readonly answered = new Map<ProcessId, number>();
  /** What was executed at the tick when something last was, and how many ticks have passed since. */
  private movedTo: Sequence = 0;
  private idleTicks = 0;

  /** Other members, other limits of what is well-formed. */
  protected abstract membersChanged(): void;

  /** The first place above everything executed or pre-prepared. */
  protected abstract firstFreeSequence(): Sequence;

  // ---- giving way ----

  protected override settle(): void {
    this.giveWay();
    super.settle();
  }

  /** The configuration is over when its last checkpoint is stable and this replica has executed up to there. */
  protected giveWay(): void {
    const { change, stable, configuration } = this;
    if (change === undefined || !this.isOver()) return;
    const link: Link = { request: change, boundary: stable };
    const next = this.follow(link, configuration);
    if (next === undefined) return;
    this.begin([...this.links, link], configuration, next);
    const handover: Handover = { kind: 'Handover', links: this.links.slice(-1) };
    this.host.send(this.settings.operator, handover);
    for (const process of next.processes) if (process !== this.host.self) this.host.send(process, handover);
  }

  /** The places up to the end are due, also when clients are silent and the primary gives none of them. */
  protected override hasOpenPlace(): boolean {
    return (this.change !== undefined && this.lastExecuted < this.lastBatch) || super.hasOpenPlace();
  }

  private follow(link: Link, previous: Configuration): Configuration | undefined {
    return followLink(link, previous, this.settings.operator, this.host.authenticator);
  }

  /** Acts by this configuration from now on. */
  private begin(links: readonly Link[], previous: Configuration, configuration: Configuration): void {
    this.rollBack();
    this.takeConfiguration(links, previous, configuration);
    this.outbox.drop(({ kind }) => kind !== 'Reply');
    this.promise({ kind: 'configuration', links }, linksBytes(links));
    if (this.store.has(this.stable.sequence)) this.collectGarbage(this.stable.sequence);
    this.emit({ kind: 'reached', situation: 'pbft/configuration-changed' });
    if (this.lastExecuted === this.begunAfter) this.since = this.index;
    if (this.lastExecuted >= this.begunAfter) this.stateIsThere();
    else this.reportRole();
  }

  /** Nothing of the configuration before counts any more, but what its last checkpoint covers. */
  private takeConfiguration(
    links: readonly Link[],
    previous: Configuration,
    configuration: Configuration,
  ): void {
    const before = this.members;
    const { boundary } = links[links.length - 1] as Link;
    this.links = links;
    this.previous = previous;
    this.configuration = configuration;
    this.members = configuration.processes;
    this.quorum = configuration.quorum;
    this.me = configuration.members.indexOf(this.memberId);
    this.begunAfter = boundary.sequence;
    this.change = undefined;
    this.lastBatch = NEVER;
    // What was prepared above the boundary is void.
    this.readFloor = Math.min(this.readFloor, boundary.sequence);
    this.window = new Window(this.members.length, this.settings.window, boundary.sequence);
    this.stable = boundary;
    this.target = boundary;
    const states = this.stableState === undefined ? this.ownStates : [...this.ownStates, this.stableState];
    this.stableState = states.find(({ sequence }) => sequence === boundary.sequence);
    this.ownStates = [];
    this.view = configuration.firstView;
    this.isActive = true;
    this.newView = undefined;
    this.viewChange = undefined;
    this.resetMembers(before);
    this.membersChanged();
  }

  /**
   * The configuration that it acts by, and the state with which that began, are both here. More may have been executed
   * since that state was taken over, tentatively as well, so where in the order it began is known from the state alone.
   */
  private stateIsThere(): void {
    this.reportConfiguration();
    this.reportRole();
    if (!this.takesPart()) return;
    // It may have ordered here before it lost its state in a crash.
    this.beginOrdering(this.firstFreeSequence());
    this.replayEarly();
    this.watchProgress();
  }

  protected reportConfiguration(): void {
    const voters = this.configuration.members.slice().sort((a, b) => a - b);
    const configuration = { voters, outgoing: [], learners: [], joining: [], autoLeave: false };
    this.emit({ kind: 'configuration-changed', index: this.since, configuration });
  }

  protected override install(checkpoint: CheckpointState): void {
    const didTakePart = this.lastExecuted >= this.begunAfter;
    super.install(checkpoint);
    if (didTakePart || this.lastExecuted < this.begunAfter) return;
    this.emit({ kind: 'reached', situation: 'pbft/joined' });
    this.stateIsThere();
  }

  /** A start: what was promised of configurations comes before all else. */
  protected restoreConfiguration(links: readonly Link[]): void {
    let previous = this.configuration;
    let { configuration } = this;
    for (const link of links) {
      const next = this.follow(link, configuration);
      if (next === undefined) return;
      previous = configuration;
      configuration = next;
    }
    this.takeConfiguration(links, previous, configuration);
  }

  // ---- who was left behind ----

  protected onInquiry(from: ProcessId, { number }: Inquiry): void {
    const answered = this.answered.get(from) ?? 0;
    if (number >= this.links.length || answered >= MOST_ANSWERS) return;
    this.answered.set(from, answered + 1);
    this.host.send(from, {
      kind: 'Handover',
      links: this.links.slice(number, number + MOST_LINKS),
    } as Handover);
  }

  /** Links prove themselves, whoever sends them. */
  protected onHandover({ links }: Handover): void {
    let previous = this.configuration;
    let { configuration } = this;
    const followed = this.links.slice();
    for (const link of links) {
      if (link.request.command.sequence <= configuration.number) continue;
      const next = this.follow(link, configuration);
      if (next === undefined) {
        this.reject('links that prove nothing');
        break;
      }
      previous = configuration;
      configuration = next;
      followed.push(link);
    }
    if (configuration !== this.configuration) this.begin(followed, previous, configuration);
  }

  protected override statusTimedOut(): void {
    this.answered.clear();
    if (this.saysStatus()) super.statusTimedOut();
    else {
      this.nextTick();
      this.watchTransfer();
    }
    if (this.settings.operator >= 0) this.inquireWhenIdle();
  }

  protected saysStatus(): boolean {
    return this.takesPart();
  }

  private inquireWhenIdle(): void {
    if (this.lastExecuted > this.movedTo) {
      this.movedTo = this.lastExecuted;
      this.idleTicks = 0;
    } else this.idleTicks++;
    if (this.takesPart() && this.idleTicks < PATIENCE && !this.isOver()) return;
    const inquiry: Inquiry = { kind: 'Inquiry', number: this.configuration.number };
    // All the members that it knows may be members no more, and be gone.
    for (let process = 0; process < this.settings.servers; process++) {
      if (process !== this.host.self) this.host.send(process, inquiry);
    }
  }

  /** True when the configuration is: a state that was fetched has the change in it, but no proof of the operator's word. */
  private isOver(): boolean {
    const { change, lastBatch } = this;
    return change !== undefined && this.stable.sequence === lastBatch && this.lastExecuted >= lastBatch;
  }

  /** A request of the operator that was executed is answered by what came of it. */
  protected override replyAgain(command: Request['command']): void {
    if (command.client !== this.settings.operator) super.replyAgain(command);
    else this.onInquiry(command.client, { kind: 'Inquiry', number: command.sequence - 1 });
  }

  protected override copyFrom(other: PbftReconfiguration): void {
    super.copyFrom(other);
    for (const [process, times] of other.answered) this.answered.set(process, times);
    this.movedTo = other.movedTo;
    this.idleTicks = other.idleTicks;
    if (this.configuration.number > 0) this.membersChanged();
  }

  protected encodeReconfiguration(): Plain {
    const answered = [...this.answered].sort(([a], [b]) => a - b);
    return [this.links.length, answered, this.movedTo, this.idleTicks];
  }

  /** A checkpoint that may not have become stable: its digest is said once more. */
  protected sayAgain(sequence: Sequence, digest: number): void {
    if (sequence > this.stable.sequence && this.takesPart()) this.sayCheckpoint(sequence, digest);
  }
}

function linksBytes(links: readonly Link[]): number {
  return links.reduce(
    (sum, { request, boundary }) => sum + requestsBytes([request]) + stableBytes(boundary),
    0,
  );
}
