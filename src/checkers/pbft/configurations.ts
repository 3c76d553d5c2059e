/**
 * Ghost of configurations, as the links say that replicas have made durable: who takes part in which, from where on.
 * Each is known before anything is said in it, since the switch is durable first.
 */

import { MEMBER_GENERATION, type ProcessId } from '../../kernel/index.js';
import {
  changeOf,
  configurationOf,
  VIEWS,
  type Link,
  type Sequence,
  type View,
} from '../../protocols/pbft/index.js';
import { quorumSizes, type QuorumSizes } from './quorum.js';

export interface KnownConfiguration {
  readonly number: number;
  /** Member ids: processes, with how often their disks were formatted anew. */
  readonly ids: readonly number[];
  /** Processes, in the order of their numbers. */
  readonly members: readonly ProcessId[];
  readonly quorum: QuorumSizes;
  readonly begunAfter: Sequence;
  /** Of the state with which it began, and of the request that asked for it. */
  readonly digest: number;
  readonly request: number;
}

export class Configurations {
  private all: KnownConfiguration[];

  constructor(readonly first: QuorumSizes) {
    const members = Array.from({ length: first.n }, (_, process) => process);
    this.all = [{ number: 0, ids: members, members, quorum: first, begunAfter: 0, digest: 0, request: 0 }];
  }

  get latest(): KnownConfiguration {
    return this.all[this.all.length - 1] as KnownConfiguration;
  }

  find(number: number): KnownConfiguration | undefined {
    return this.all[number];
  }

  /** Of one that nobody correct acts by yet, the latest stands in. */
  ofView(view: View): KnownConfiguration {
    return this.all[configurationOf(view)] ?? this.latest;
  }

  /** The one that decides this place, as far as is known. */
  inForce(sequence: Sequence): KnownConfiguration {
    let i = this.all.length - 1;
    while (i > 0 && (this.all[i] as KnownConfiguration).begunAfter >= sequence) i--;
    return this.all[i] as KnownConfiguration;
  }

  primaryOf(view: View): ProcessId {
    const { members } = this.ofView(view);
    return members[(view % VIEWS) % members.length] as ProcessId;
  }

  /** Takes in a link; the one that is known under its number already. */
  learn({ request, boundary }: Link): KnownConfiguration | undefined {
    const { sequence: number, input, hash } = request.command;
    const known = this.all[number];
    const change = changeOf(input);
    if (known !== undefined || change === undefined || number !== this.all.length) return known;
    this.all = [
      ...this.all,
      {
        number,
        ids: change.members,
        members: change.members.map((member) => member % MEMBER_GENERATION),
        quorum: quorumSizes(change.members.length, change.faulty),
        begunAfter: boundary.sequence,
        digest: boundary.digest,
        request: hash,
      },
    ];
    return undefined;
  }

  clone(): Configurations {
    const copy = new Configurations(this.first);
    copy.all = this.all;
    return copy;
  }
}
