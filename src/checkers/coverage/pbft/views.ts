/** Rare situations of view changes: Castro and Liskov, OSDI 1999, §4.4 and §4.5. */

import type { Message, ProcessId, ProtocolEvent } from '../../../kernel/index.js';
import { Recogniser } from '../recogniser.js';
import { outside, type Tally } from '../situation.js';
import type { ClusterView } from '../view.js';
import { stableOf, type SeenNewView, type SeenViewChange } from './messages.js';

const pbft = (id: string, title: string, criterion: string): ReturnType<typeof outside> =>
  outside(id, title, criterion, 'pbft');

export const LEFT_PREPARED = pbft(
  'view-change-with-prepared-batch',
  'A replica left a view with batches that were prepared and not covered by a checkpoint.',
  'A VIEW-CHANGE with at least one prepared certificate is sent; once for each replica and view.',
);
export const LEFT_FROM_CHECKPOINT = pbft(
  'view-change-from-checkpoint',
  'A replica left a view after a checkpoint had become stable.',
  'A VIEW-CHANGE whose stable checkpoint is not the beginning is sent; once for each replica and view.',
);
export const VIEW_SKIPPED = pbft(
  'view-skipped',
  'A view was given up before anybody had led it.',
  'A replica sends a VIEW-CHANGE while it waits for a view that no NEW-VIEW has begun.',
);
export const JOINED = pbft(
  'joined-f-plus-one',
  'A replica left its view because f + 1 others had.',
  'A replica sends a VIEW-CHANGE when exactly f + 1 others have sent one for that view or a later one. (f as many as the cluster can bear.)',
);
export const PROPOSED_AGAIN = pbft(
  'new-view-proposes-again',
  'A new primary proposed a batch of an earlier view again.',
  'A NEW-VIEW is sent by its primary with a choice that is not the null request; once for each view.',
);
export const NULL_FILL = pbft(
  'null-request-fill',
  'A new primary filled a place with the null request.',
  'A NEW-VIEW is sent by its primary with a choice that is the null request; once for each view.',
);
export const DIFFERENT_CHECKPOINTS = pbft(
  'new-view-over-different-checkpoints',
  'A new view rests on view changes from different stable checkpoints.',
  'A NEW-VIEW is sent by its primary whose VIEW-CHANGEs have different stable checkpoints; once for each view.',
);
export const PREPARED_TWICE = pbft(
  'new-view-over-two-certificates',
  'A new primary had to choose between certificates of one place from different views.',
  'A NEW-VIEW is sent by its primary whose VIEW-CHANGEs have prepared certificates of one place from different views; once for each view.',
);
export const EMPTY_NEW_VIEW = pbft(
  'new-view-with-nothing-to-propose',
  'A new primary had nothing to propose again.',
  'A NEW-VIEW is sent by its primary with no choices; once for each view.',
);
export const NEW_VIEW_PASSED_ON = pbft(
  'new-view-passed-on',
  'A replica learnt of a new view from another one than its primary.',
  'A NEW-VIEW is sent by a replica that has not signed it.',
);
export const VIEW_CHANGE_AGAIN = pbft(
  'view-change-sent-again',
  'A view change was lost, and sent again.',
  'A VIEW-CHANGE is sent to a receiver that it was sent to before.',
);
export const TWO_PRIMARIES = pbft(
  'two-primaries-at-once',
  'Two replicas took themselves for primary at once, in different views.',
  'A replica becomes primary while another one is up that became so in an earlier view and has not left it.',
);
export const PRIMARY_PAUSED = pbft(
  'primary-paused-and-deposed',
  'A primary stood still while another one began its view.',
  'A replica becomes primary while the process of the primary of an earlier view is paused.',
);
export const PRIMARY_CRASHED = pbft(
  'primary-crashed',
  'A primary crashed in its view.',
  'A replica crashes or halts while it is primary.',
);
export const CRASHED_BETWEEN_VIEWS = pbft(
  'crash-during-view-change',
  'A replica crashed while it waited for a new view.',
  'A replica crashes or halts that has sent a VIEW-CHANGE, and has entered no view since.',
);
export const RESTARTED_BETWEEN_VIEWS = pbft(
  'restart-during-view-change',
  'A replica came back while most of the others waited for a new view.',
  'A replica starts while at least half of those that are up have left for a view that they have not entered.',
);

export const VIEW_SITUATIONS = [
  LEFT_PREPARED,
  LEFT_FROM_CHECKPOINT,
  VIEW_SKIPPED,
  JOINED,
  PROPOSED_AGAIN,
  NULL_FILL,
  DIFFERENT_CHECKPOINTS,
  PREPARED_TWICE,
  EMPTY_NEW_VIEW,
  NEW_VIEW_PASSED_ON,
  VIEW_CHANGE_AGAIN,
  TWO_PRIMARIES,
  PRIMARY_PAUSED,
  PRIMARY_CRASHED,
  CRASHED_BETWEEN_VIEWS,
  RESTARTED_BETWEEN_VIEWS,
];

/** The digest of the null request. */
const NULL_DIGEST = 0;

export class Views extends Recogniser {
  /** By replica: the view that it has left for, and the set of replicas that were sent its VIEW-CHANGE. */
  private leftFor: number[] = this.view.servers.map(() => 0);
  private sentTo: number[] = this.view.servers.map(() => 0);
  /** By replica: true from a VIEW-CHANGE until a view is entered. */
  private isBetween: boolean[] = this.view.servers.map(() => false);
  /** The highest view that a NEW-VIEW has begun. */
  private begun = 0;

  override onSend(from: ProcessId, to: ProcessId, message: Message): void {
    if (from >= this.leftFor.length) return;
    switch (message.kind) {
      case 'ViewChange':
      case 'MacViewChange':
        this.leaves(from, to, message as SeenViewChange);
        return;
      case 'NewView':
      case 'MacNewView':
        this.begins(from, message as SeenNewView);
        return;
      default:
    }
  }

  private leaves(from: ProcessId, to: ProcessId, viewChange: SeenViewChange): void {
    const { view, prepared = [], proof } = viewChange;
    if (proof?.signer !== from) return;
    const before = this.leftFor[from] ?? 0;
    const bit = 1 << to;
    if (view === before) {
      if (((this.sentTo[from] ?? 0) & bit) !== 0) this.reach(VIEW_CHANGE_AGAIN);
      this.sentTo[from] = (this.sentTo[from] ?? 0) | bit;
      return;
    }
    if (view < before) return;
    if (prepared.length > 0) this.reach(LEFT_PREPARED);
    if (stableOf(viewChange) > 0) this.reach(LEFT_FROM_CHECKPOINT);
    if (this.isBetween[from] === true && before > this.begun) this.reach(VIEW_SKIPPED);
    this.countJoin(from, view);
    this.leftFor[from] = view;
    this.sentTo[from] = bit;
    this.isBetween[from] = true;
  }

  private countJoin(from: ProcessId, view: number): void {
    const replicas = this.leftFor.length;
    const others = this.leftFor.filter((left, other) => other !== from && left >= view).length;
    const faulty = Math.floor((replicas - 1) / 3);
    if (others === faulty + 1) this.reach(JOINED);
  }

  private begins(from: ProcessId, { view, viewChanges = [], choices = [], proof }: SeenNewView): void {
    if (proof?.signer !== from) {
      this.reach(NEW_VIEW_PASSED_ON);
      return;
    }
    if (view <= this.begun) return;
    this.begun = view;
    if (choices.length === 0) this.reach(EMPTY_NEW_VIEW);
    if (choices.some(({ digest }) => digest === NULL_DIGEST)) this.reach(NULL_FILL);
    if (choices.some(({ digest }) => digest !== NULL_DIGEST)) this.reach(PROPOSED_AGAIN);
    const [first] = viewChanges;
    if (first !== undefined && viewChanges.some((other) => stableOf(other) !== stableOf(first))) {
      this.reach(DIFFERENT_CHECKPOINTS);
    }
    if (hasTwoViews(viewChanges)) this.reach(PREPARED_TWICE);
  }

  override onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    if (event.kind !== 'became-leader' && event.kind !== 'became-follower') return;
    const isLeaving = event.kind === 'became-follower' && event.term === this.leftFor[process];
    // Who leaves as primary says that it follows, before it has entered the next view.
    const wasPrimary = this.view.server(process)?.isLeader === true;
    if (!(isLeaving && wasPrimary)) this.isBetween[process] = false;
    if (event.kind === 'became-leader') this.countPrimaries(process, event.term);
  }

  private countPrimaries(process: ProcessId, view: number): void {
    const { servers, context } = this.view;
    for (let other = 0; other < servers.length; other++) {
      const server = servers[other];
      if (other === process || server?.isLeader !== true || server.term >= view) continue;
      this.reach(TWO_PRIMARIES);
      if (context.isPaused(other)) this.reach(PRIMARY_PAUSED);
    }
  }

  override onCrash(process: ProcessId): void {
    if (this.view.server(process)?.isLeader === true) this.reach(PRIMARY_CRASHED);
    if (this.isBetween[process] === true) this.reach(CRASHED_BETWEEN_VIEWS);
  }

  override onStart(process: ProcessId, incarnation: number): void {
    if (incarnation === 1) return;
    const { servers } = this.view;
    const up = servers.flatMap(({ isUp }, other) => (isUp && other !== process ? [other] : []));
    const between = up.filter((other) => this.isBetween[other] === true);
    if (between.length > 0 && between.length * 2 >= up.length) this.reach(RESTARTED_BETWEEN_VIEWS);
  }

  override clone(view: ClusterView, tally: Tally): Views {
    const copy = new Views(view, tally);
    copy.leftFor = this.leftFor.slice();
    copy.sentTo = this.sentTo.slice();
    copy.isBetween = this.isBetween.slice();
    copy.begun = this.begun;
    return copy;
  }
}

function hasTwoViews(viewChanges: readonly SeenViewChange[]): boolean {
  const views = new Map<number, number>();
  for (const { prepared = [] } of viewChanges) {
    for (const { view, sequence } of prepared) {
      if (views.has(sequence) && views.get(sequence) !== view) return true;
      views.set(sequence, view);
    }
  }
  return false;
}
