/** One interceptor: an entry of the plan as it concerns messages that pass by. */

import {
  ratioThreshold,
  type AttackSurface,
  type Message,
  type Micros,
  type ProcessId,
} from '../../kernel/index.js';
import type { Misbehaviour, When } from './plan.js';

/** Who is concerned by a rule, as it stands when a message passes. */
export interface Casting {
  readonly servers: number;
  readonly members: readonly ProcessId[];
  readonly surface: AttackSurface;
  /** True while a view is being changed, as far as the corrupted can tell. */
  readonly isChangingView: boolean;
}

/** All that chance leaves open; the default, 0, means no. */
export const CHANCE_MAX = 0xffff_ffff;

/** Immutable, shared by forks. */
export class Rule {
  private readonly kinds: ReadonlySet<string> | undefined;
  private readonly clients: ReadonlySet<ProcessId> | undefined;
  /** Least draw of {@link CHANCE_MAX} that means yes. */
  readonly least: number;

  constructor(
    readonly id: string,
    /** Its number in the adversary: which stream of chance is its own. */
    readonly number: number,
    readonly action: Misbehaviour,
    private readonly when: When,
    /** Undefined: whoever was corrupted because of a role. */
    private readonly culprits: ReadonlySet<ProcessId> | undefined,
    /** Undefined: follows from the receiver and the message. */
    private readonly audience: ReadonlySet<ProcessId> | undefined,
  ) {
    this.kinds = when.kinds === undefined ? undefined : new Set(when.kinds);
    this.clients = when.clients === undefined ? undefined : new Set(when.clients);
    this.least = Math.max(1, CHANCE_MAX + 1 - ratioThreshold(when.chance));
  }

  /** True for a rule on whoever was corrupted because of a role. */
  get isForRoles(): boolean {
    return this.culprits === undefined;
  }

  /** True for what its culprit sends, or, of a rule that ignores, gets. */
  concerns(culprit: ProcessId, other: ProcessId, message: Message, now: Micros, casting: Casting): boolean {
    const { when, culprits } = this;
    if (culprits !== undefined && !culprits.has(culprit)) return false;
    if (now < when.fromMicros || (when.untilMicros !== undefined && now >= when.untilMicros)) return false;
    // What is replayed is chosen by kind, not what occasions it.
    if (this.kinds !== undefined && this.action.do !== 'replay' && !this.kinds.has(message.kind))
      return false;
    return (
      this.isInPlace(message, casting.surface) &&
      this.isInPhase(message, casting) &&
      this.isInRole(culprit, message, casting) &&
      this.isHeardBy(other, message, casting)
    );
  }

  /** True when this kind is one that the rule names, or when it names none. */
  has(kind: string): boolean {
    return this.kinds?.has(kind) !== false;
  }

  private isInPlace(message: Message, surface: AttackSurface): boolean {
    const { viewMin, viewMax, sequenceMin, sequenceMax } = this.when;
    const view = surface.viewOf(message);
    if (view >= 0 && (view < viewMin || view > viewMax)) return false;
    const sequence = surface.sequenceOf(message);
    if (sequence >= 0 && (sequence < sequenceMin || sequence > sequenceMax)) return false;
    return this.clients === undefined || this.clients.has(surface.clientOf(message));
  }

  private isInPhase(message: Message, { surface, isChangingView }: Casting): boolean {
    const { during } = this.when;
    if (during === 'always') return true;
    return (isChangingView || surface.isOfViewChange(message)) === (during === 'view-change');
  }

  private isInRole(culprit: ProcessId, message: Message, { surface, members }: Casting): boolean {
    const { role } = this.when;
    if (role === 'any') return true;
    const view = surface.viewOf(message);
    return view >= 0 && (surface.primaryOf(view, members) === culprit) === (role === 'primary');
  }

  private isHeardBy(other: ProcessId, message: Message, { servers, surface, members }: Casting): boolean {
    if (this.audience !== undefined) return this.audience.has(other);
    switch (this.when.to.kind) {
      case 'servers':
        return other < servers;
      case 'clients':
        return other >= servers;
      case 'primary':
      case 'backups': {
        const view = Math.max(0, surface.viewOf(message));
        const isPrimary = surface.primaryOf(view, members) === other;
        return isPrimary
          ? this.when.to.kind === 'primary'
          : this.when.to.kind === 'backups' && other < servers;
      }
      default:
        return true;
    }
  }
}
