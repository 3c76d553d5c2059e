/**
 * Ghost of one replica's disk: what it has promised durably, folded from the records of its journals and checkpoint
 * files as the disk tap reports them. Damage at rest, which a running replica cannot know of, leaves it as it was; a
 * start reads the disk anew.
 */

import type { DiskImage } from '../../kernel/index.js';
import {
  checkpointOf,
  journalOf,
  macViewChangeDigest,
  viewChangeDigest,
  type CheckpointRecord,
  type Choice,
  type JournalBase,
  type JournalRecord,
  type MacNewView,
  type MacViewChange,
  type NewView,
  type PreparedCertificate,
  type Promised,
  type Sequence,
  type StableCertificate,
  type View,
  VIEWS,
  type Link,
  type ViewChange,
} from '../../protocols/pbft/index.js';
import { PromisedPlaces } from './promised-places.js';

interface SavedCheckpoint {
  readonly sequence: Sequence;
  readonly digest: number;
}

export class DiskGhost {
  /** Number of the configuration that it acts by. */
  configuration = 0;
  /** h after a power loss. */
  stable: Sequence = 0;
  viewChange: ViewChange | MacViewChange | undefined = undefined;
  newView: NewView | MacNewView | undefined = undefined;
  /** The highest place that anything is promised of. */
  highest: Sequence = 0;
  /** Position of the last record that a start has read: what lies behind it was lost, or comes after a lost one. */
  lastRead = -1;
  /** It has promised to recover, and not that it has. */
  isRecovering = false;
  private checkpoints: SavedCheckpoint[] = [];

  constructor(
    private accepted = new PromisedPlaces(),
    private prepared = new PromisedPlaces(),
  ) {}

  /** The highest view that was left for, or entered. */
  get view(): View {
    return Math.max(this.viewChange?.view ?? 0, this.newView?.view ?? 0, this.configuration * VIEWS);
  }

  // ---- what is durable ----

  /** It accepted this pre-prepare, or one of a later view. What is behind the stable checkpoint counts as accepted. */
  hasAccepted(view: View, sequence: Sequence, digest: number): boolean {
    if (sequence <= this.stable || this.accepted.has(view, sequence, digest)) return true;
    return this.newView?.view === view && choiceAt(this.newView, sequence)?.digest === digest;
  }

  hasPrepared(view: View, sequence: Sequence, digest: number): boolean {
    return sequence <= this.stable || this.prepared.has(view, sequence, digest);
  }

  hasViewChange(message: ViewChange | MacViewChange): boolean {
    const { viewChange, newView } = this;
    if (viewChange === message || this.view > message.view) return true;
    if (viewChange?.view === message.view) return digestOf(viewChange) === digestOf(message);
    return newView?.view === message.view;
  }

  hasNewView({ view }: NewView | MacNewView): boolean {
    return (this.newView?.view ?? 0) >= view;
  }

  hasCheckpoint(sequence: Sequence, digest: number): boolean {
    if (sequence <= this.stable) return true;
    return this.checkpoints.some((saved) => saved.sequence === sequence && saved.digest === digest);
  }

  /** A state of this batch or a later one. */
  hasStateOf(sequence: Sequence): boolean {
    return this.checkpoints.some((saved) => saved.sequence >= sequence);
  }

  // ---- what the tap reports ----

  /** A record of a journal is durable. */
  fold(content: Promised | JournalBase): void {
    switch (content.kind) {
      case 'base':
        if (hasForgotten(content.promised)) this.forget();
        for (const promised of content.promised) this.fold(promised);
        return;
      case 'accepted': {
        const { view, sequence, digest } = content.message;
        this.put(this.accepted, view, sequence, digest);
        return;
      }
      case 'prepared': {
        const { view, sequence, digest } = content.certificate;
        this.put(this.prepared, view, sequence, digest);
        return;
      }
      case 'view-change':
      case 'mac-view-change':
        if (content.message.view >= (this.viewChange?.view ?? 0)) this.viewChange = content.message;
        return;
      case 'new-view':
      case 'mac-new-view':
        if (content.message.view >= (this.newView?.view ?? 0)) this.newView = content.message;
        return;
      case 'stable':
        this.stabilised(content.certificate);
        return;
      case 'configuration':
        this.beginConfiguration(content.links);
        return;
      case 'held':
        this.put(this.accepted, content.view, content.sequence, content.digest);
        return;
      case 'recovery':
        this.isRecovering = !content.isOver;
        return;
      case 'batch':
      case 'decided':
        return;
    }
  }

  /** The replica has lost what it promised, and knows it: it begins anew, and promises nothing before it has recovered. */
  private forget(): void {
    this.viewChange = undefined;
    this.newView = undefined;
    this.accepted = new PromisedPlaces();
    this.prepared = new PromisedPlaces();
    this.stable = 0;
    this.highest = 0;
  }

  /** What was promised in an earlier one binds no more. */
  private beginConfiguration(links: readonly Link[]): void {
    if (links.length <= this.configuration) return;
    const { sequence } = (links[links.length - 1] as Link).boundary;
    this.configuration = links.length;
    this.viewChange = undefined;
    this.newView = undefined;
    this.accepted = new PromisedPlaces();
    this.prepared = new PromisedPlaces();
    this.accepted.forget(sequence);
    this.prepared.forget(sequence);
    this.stable = sequence;
    this.highest = sequence;
  }

  private put(promised: PromisedPlaces, view: View, sequence: Sequence, digest: number): void {
    if (sequence <= this.stable) return;
    promised.put(view, sequence, digest);
    if (sequence > this.highest) this.highest = sequence;
  }

  private stabilised({ sequence }: StableCertificate): void {
    if (sequence <= this.stable) return;
    this.stable = sequence;
    this.accepted.forget(sequence);
    this.prepared.forget(sequence);
  }

  checkpointRecord({ sequence, digest }: CheckpointRecord): void {
    this.checkpoints.push({ sequence, digest });
  }

  checkpointCut(file: string): void {
    const sequence = checkpointOf(file);
    this.checkpoints = this.checkpoints.filter((saved) => saved.sequence !== sequence);
  }

  /** The one that became durable last; undefined: none, or it was removed. */
  get latestCheckpoint(): SavedCheckpoint | undefined {
    return this.checkpoints.at(-1);
  }

  /** The first place at which the prepared certificates in force differ; 0: none. For audits. */
  differsAt(other: DiskGhost): Sequence {
    const highest = Math.max(this.highest, other.highest);
    for (let sequence = this.stable + 1; sequence <= highest; sequence++) {
      const view = this.prepared.viewAt(sequence);
      if (other.prepared.viewAt(sequence) !== view) return sequence;
      if (view >= 0 && !other.prepared.has(view, sequence, this.prepared.digestAt(sequence))) return sequence;
    }
    return 0;
  }

  // ---- what must not be forgotten ----

  /**
   * The first place above the base's stable checkpoint at which something in force is durable and not in the base of
   * a new journal; 0 when there is none, -1 when it is a view. In force: the certificate of the highest view, and
   * what was accepted in the base's own view.
   */
  missingFrom({ promised }: JournalBase): Sequence {
    if (hasForgotten(promised)) return 0;
    const base = new DiskGhost();
    for (const content of promised) base.fold(content);
    if (base.configuration > this.configuration) return 0;
    if (base.view < this.view || (base.newView?.view ?? 0) < (this.newView?.view ?? 0)) return -1;
    const first = Math.max(base.stable, this.stable) + 1;
    for (let sequence = first; sequence <= this.highest; sequence++) {
      if (base.prepared.viewAt(sequence) < this.prepared.viewAt(sequence)) return sequence;
      const isInForce = this.accepted.viewAt(sequence) === base.view;
      const isChosen = base.newView?.view === base.view && choiceAt(base.newView, sequence) !== undefined;
      if (isInForce && !isChosen && base.accepted.viewAt(sequence) < base.view) return sequence;
    }
    return 0;
  }

  // ---- what a start reads ----

  /** The newest journal with a whole beginning, up to the first record that cannot be read, or is not there. */
  static of(disk: DiskImage): DiskGhost {
    const ghost = new DiskGhost();
    for (const file of disk.files()) {
      const slot = checkpointOf(file) > 0 ? disk.read(file)[0] : undefined;
      if (slot?.intact === true) ghost.checkpointRecord(slot.record as CheckpointRecord);
    }
    const numbers = disk.files().filter((file) => journalOf(file) > 0);
    numbers.sort((a, b) => journalOf(b) - journalOf(a));
    for (const file of numbers) {
      const slots = disk.read(file);
      const [first] = slots;
      if (first?.intact !== true || (first.record as JournalRecord).content.kind !== 'base') continue;
      for (const { intact, record } of slots) {
        if (!intact) break;
        const { position, content } = record as JournalRecord;
        // One before it never got to the disk: a full disk took what was appended after it.
        if (ghost.lastRead >= 0 && position > ghost.lastRead + 1) break;
        ghost.fold(content);
        ghost.lastRead = position;
      }
      break;
    }
    return ghost;
  }

  clone(): DiskGhost {
    const copy = new DiskGhost(this.accepted.clone(), this.prepared.clone());
    copy.configuration = this.configuration;
    copy.stable = this.stable;
    copy.viewChange = this.viewChange;
    copy.newView = this.newView;
    copy.highest = this.highest;
    copy.lastRead = this.lastRead;
    copy.isRecovering = this.isRecovering;
    copy.checkpoints = this.checkpoints.slice();
    return copy;
  }
}

/** True for the promises of a replica that has lost those before, and has not recovered from that. */
function hasForgotten(promised: readonly Promised[]): boolean {
  return promised.some((content) => content.kind === 'recovery' && content.hasForgotten);
}

/** Content of a view change, of either kind. */
export function digestOf(message: ViewChange | MacViewChange): number {
  return message.kind === 'ViewChange' ? viewChangeDigest(message) : macViewChangeDigest(message);
}

/** The choices of a new view have no gaps. */
export function choiceAt({ choices }: Pick<NewView, 'choices'>, sequence: Sequence): Choice | undefined {
  const choice = choices[sequence - (choices[0]?.sequence ?? 0)];
  return choice?.sequence === sequence ? choice : undefined;
}

/** The certificate of this place in a view change. */
export function certificateAt({ prepared }: ViewChange, sequence: Sequence): PreparedCertificate | undefined {
  return prepared.find((certificate) => certificate.sequence === sequence);
}
