/** Rare situations of checkpoints, state transfer and restarts: Castro and Liskov, OSDI 1999, §4.3; TOCS 2002, §5.3. */

import type { DiskImage, DiskSlot, Message, ProcessId, ProtocolEvent } from '../../../kernel/index.js';
import { Recogniser } from '../recogniser.js';
import { outside, type Situation, type Tally } from '../situation.js';
import type { ClusterView } from '../view.js';
import {
  JOURNAL_PREFIX,
  UNFINISHED_CHECKPOINT,
  type SeenCheckpoint,
  type SeenFetchState,
  type SeenJournalRecord,
} from './messages.js';

const pbft = (id: string, title: string, criterion: string): Situation =>
  outside(id, title, criterion, 'pbft');

export const STATE_FETCHED = pbft(
  'state-fetched',
  'A replica asked for the state of a stable checkpoint that it had not come to itself.',
  'A FETCH-STATE is sent for another checkpoint than the last one of that replica.',
);
export const STATE_INSTALLED = pbft(
  'state-installed',
  'A replica went on from a state that it had been sent.',
  'A replica reports that it has installed a received state.',
);
export const SOURCE_CHANGED = pbft(
  'state-fetched-from-another',
  'A replica turned to another one for the state.',
  'A FETCH-STATE is sent to another replica than the one before, for the same checkpoint.',
);
export const TARGET_MOVED = pbft(
  'state-fetch-overtaken',
  'A replica gave up fetching a state, because a later checkpoint had become stable.',
  'A FETCH-STATE is sent for a later checkpoint than the one before, and no state was installed in between.',
);
export const CRASHED_FETCHING = pbft(
  'crash-during-state-fetch',
  'A replica crashed while it fetched a state.',
  'A replica crashes or halts that has sent a FETCH-STATE and installed no state since.',
);
export const CHECKPOINT_AGAIN = pbft(
  'checkpoint-said-again',
  'A replica said the digest of a checkpoint again.',
  'A CHECKPOINT is sent to a receiver that it was sent to before.',
);
export const TORN_JOURNAL = pbft(
  'torn-journal-cut',
  'A replica cut a torn record off the end of its journal.',
  'A replica starts, trusts its disk, and a record of a journal on it had blank sectors.',
);
export const TWO_JOURNALS = pbft(
  'restart-with-two-journals',
  'A replica crashed between the beginning of a new journal and the end of the old one.',
  'A replica starts with at least two journals on its disk.',
);
export const UNFINISHED = pbft(
  'restart-with-unfinished-checkpoint',
  'A replica crashed while it wrote a checkpoint.',
  'A replica starts with a checkpoint on its disk that has no name yet.',
);
export const RESTART_PREPARED = pbft(
  'restart-with-prepared-batch',
  'A replica came back with batches that it had prepared.',
  'A replica starts with a prepared certificate in a journal.',
);
export const RESTART_LEFT = pbft(
  'restart-into-view-change',
  'A replica came back into a view change that it had begun.',
  'A replica starts whose journal has a VIEW-CHANGE for a later view than that of any NEW-VIEW in it.',
);

export const STATE_SITUATIONS = [
  STATE_FETCHED,
  STATE_INSTALLED,
  SOURCE_CHANGED,
  TARGET_MOVED,
  CRASHED_FETCHING,
  CHECKPOINT_AGAIN,
  TORN_JOURNAL,
  TWO_JOURNALS,
  UNFINISHED,
  RESTART_PREPARED,
  RESTART_LEFT,
];

/** What a replica fetches, or has said. */
class Seen {
  /** Checkpoint that it fetches; 0: none. And whom it has asked last. */
  fetching = 0;
  askedLast = -1;
  /** The last checkpoint that it has said, and to whom. */
  said = 0;
  saidTo = 0;
  hasTornJournal = false;

  clone(): Seen {
    return Object.assign(new Seen(), this);
  }
}

export class States extends Recogniser {
  private seen = this.view.servers.map(() => new Seen());

  override onSend(from: ProcessId, to: ProcessId, message: Message): void {
    const seen = this.seen[from];
    if (seen === undefined) return;
    if (message.kind === 'FetchState') this.fetches(seen, to, message as SeenFetchState);
    else if (message.kind === 'Checkpoint') this.says(seen, to, message as SeenCheckpoint);
  }

  private fetches(seen: Seen, to: ProcessId, { sequence }: SeenFetchState): void {
    if (sequence !== seen.fetching) {
      this.reach(STATE_FETCHED);
      if (seen.fetching > 0 && sequence > seen.fetching) this.reach(TARGET_MOVED);
    } else if (to !== seen.askedLast) this.reach(SOURCE_CHANGED);
    seen.fetching = sequence;
    seen.askedLast = to;
  }

  private says(seen: Seen, to: ProcessId, { sequence }: SeenCheckpoint): void {
    const bit = 1 << to;
    if (sequence > seen.said) {
      seen.said = sequence;
      seen.saidTo = bit;
    } else if (sequence === seen.said) {
      if ((seen.saidTo & bit) !== 0) this.reach(CHECKPOINT_AGAIN);
      seen.saidTo |= bit;
    }
  }

  override onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const seen = this.seen[process];
    if (seen === undefined) return;
    if (event.kind === 'snapshot-installed' && event.received) {
      seen.fetching = 0;
      this.reach(STATE_INSTALLED);
    } else if (event.kind === 'recovered' && event.trusted && seen.hasTornJournal) this.reach(TORN_JOURNAL);
  }

  override onCrash(process: ProcessId): void {
    const seen = this.seen[process];
    if (seen === undefined) return;
    if (seen.fetching > 0) this.reach(CRASHED_FETCHING);
    seen.fetching = 0;
    seen.said = 0;
  }

  override onStart(process: ProcessId, incarnation: number, disk: DiskImage): void {
    const seen = this.seen[process];
    if (seen === undefined || incarnation === 1) return;
    const files = disk.files();
    const journals = files.filter((file) => file.startsWith(JOURNAL_PREFIX));
    const slots = journals.flatMap((file) => disk.read(file));
    seen.hasTornJournal = slots.some(isTorn);
    if (journals.length >= 2) this.reach(TWO_JOURNALS);
    if (files.includes(UNFINISHED_CHECKPOINT)) this.reach(UNFINISHED);
    this.countPromises(slots);
  }

  private countPromises(slots: readonly DiskSlot[]): void {
    let isPrepared = false;
    let left = 0;
    let entered = 0;
    for (const { intact, record } of slots) {
      const content = intact ? (record as SeenJournalRecord).content : undefined;
      for (const promise of content === undefined ? [] : (content.promised ?? [content])) {
        if (promise.kind === 'prepared') isPrepared = true;
        const view = promise.message?.view ?? 0;
        if (promise.kind === 'view-change' && view > left) left = view;
        if (promise.kind === 'new-view' && view > entered) entered = view;
      }
    }
    if (isPrepared) this.reach(RESTART_PREPARED);
    if (left > entered) this.reach(RESTART_LEFT);
  }

  override clone(view: ClusterView, tally: Tally): States {
    const copy = new States(view, tally);
    copy.seen = this.seen.map((seen) => seen.clone());
    return copy;
  }
}

function isTorn(slot: DiskSlot): boolean {
  return !slot.intact && slot.blankSectors > 0;
}
