/** Rare situations of upgrades: which protocol versions servers speak, and when the cluster opens a new one. */

import type { Message, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import { IntColumn } from '../columns.js';
import type { SeenAppendEntries, SeenAppendEntriesResponse } from './messages.js';
import { Recogniser } from './recogniser.js';
import { outside, type Tally } from './situation.js';
import type { ClusterView } from './view.js';

export const VERSION_ANNOUNCED = outside(
  'version-announced',
  'A member announced the versions that it understands, in the log.',
  'AppendEntries carries an announcement at an index where none was seen before.',
);
export const VERSION_ACTIVATED = outside(
  'version-activated',
  'A new protocol version was opened for everybody.',
  'A server reports that a version is active. Counted once a version.',
);
export const MIXED_VERSIONS = outside(
  'mixed-versions',
  'Servers of different versions worked together.',
  'A follower answers a leader with another version than one that is up last answered with, for the first time since its start.',
);
export const CANARY_ROLLED_BACK = outside(
  'canary-rolled-back',
  'A server went back to an older version.',
  'A follower answers with a lower version than it did before its latest restart.',
);

export const VERSION_SITUATIONS = [VERSION_ANNOUNCED, VERSION_ACTIVATED, MIXED_VERSIONS, CANARY_ROLLED_BACK];

export class Versions extends Recogniser {
  /** By server: the version of its latest answer, and the incarnation that gave it; 0: none yet. */
  private versions = new IntColumn();
  private incarnations = new IntColumn();
  private lastAnnounced = 0;
  private highestActive = 0;

  override onProtocolEvent(_process: ProcessId, event: ProtocolEvent): void {
    if (event.kind !== 'version-activated' || event.version <= this.highestActive) return;
    this.highestActive = event.version;
    this.reach(VERSION_ACTIVATED);
  }

  override onSend(from: ProcessId, _to: ProcessId, message: Message): void {
    if (message.kind === 'AppendEntries') this.sent((message as SeenAppendEntries).entries);
    else if (message.kind === 'AppendEntriesResponse') {
      const { version } = message as SeenAppendEntriesResponse;
      if (version !== undefined) this.answered(from, version);
    }
  }

  override clone(view: ClusterView, tally: Tally): Versions {
    const copy = new Versions(view, tally);
    copy.versions = this.versions.clone();
    copy.incarnations = this.incarnations.clone();
    copy.lastAnnounced = this.lastAnnounced;
    copy.highestActive = this.highestActive;
    return copy;
  }

  private sent(entries: SeenAppendEntries['entries']): void {
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (entry?.system?.kind !== 'announce' || entry.index <= this.lastAnnounced) continue;
      this.lastAnnounced = entry.index;
      this.reach(VERSION_ANNOUNCED);
    }
  }

  private answered(process: ProcessId, version: number): void {
    const server = this.view.server(process);
    if (server === undefined || this.incarnations.get(process) === server.incarnation) return;
    if (version < this.versions.get(process)) this.reach(CANARY_ROLLED_BACK);
    this.incarnations.set(process, server.incarnation);
    this.versions.set(process, version);
    if (this.isMixed(process, version)) this.reach(MIXED_VERSIONS);
  }

  private isMixed(process: ProcessId, version: number): boolean {
    const { servers } = this.view;
    for (let other = 0; other < servers.length; other++) {
      const known = this.versions.get(other);
      const isCurrent = this.incarnations.get(other) === servers[other]?.incarnation;
      if (other !== process && servers[other]?.isUp === true && isCurrent && known > 0 && known !== version) {
        return true;
      }
    }
    return false;
  }
}
