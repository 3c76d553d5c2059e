/** Rare situations of changes of configuration: Ongaro's dissertation, §4. */

import { MEMBER_GENERATION } from '../../kernel/index.js';
import type { AdminReply, Membership, Message, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import { Recogniser } from './recogniser.js';
import { outside, type Tally } from './situation.js';
import type { ClusterView, ServerView } from './view.js';

export const JOINT_ENTERED = outside(
  'joint-entered',
  'A leader entered a joint configuration.',
  'A leader acts by a joint configuration after one that is not joint.',
);
export const JOINT_LEFT_AUTOMATICALLY = outside(
  'joint-left-automatically',
  'A leader left a joint configuration by itself.',
  'A leader acts by a configuration that is not joint after a joint one that says to be left automatically.',
);
export const LEADER_CHANGE_WHILE_JOINT = outside(
  'leader-change-while-joint',
  'A leader was elected while two configurations were in force.',
  'A server that acts by a joint configuration becomes leader.',
);
export const CONFIGURATION_REVERTED = outside(
  'configuration-reverted',
  'A configuration was taken back because its entry was overwritten.',
  'A running server acts by a configuration whose entry is before the one of its last.',
);
export const LEADER_REMOVED_ITSELF = outside(
  'leader-removed-itself',
  'A leader committed the configuration that it is not part of.',
  'A leader commits the entry of a configuration that is not joint and has no voter of its process.',
);
export const LEARNER_PROMOTED = outside(
  'learner-promoted',
  'A learner became a voter.',
  "A leader's configuration has a voter that was a learner in the one before.",
);
export const MEMBER_DEMOTED = outside(
  'member-demoted',
  'A voter became a learner.',
  "A leader's configuration has a learner that was a voter in the one before.",
);
export const SPARE_ADDED = outside(
  'spare-added',
  'A process that had no part in the configuration was added.',
  "A leader's configuration has a member, on its first disk, that the one before had not.",
);
export const LOST_DISK_REPLACED = outside(
  'lost-disk-replaced',
  'A process came back on a new disk, as a new member.',
  "A leader's configuration has a member that the one before had not, whose disk was formatted anew.",
);
export const CONFIGURATION_DURING_PARTITION = outside(
  'configuration-changed-during-partition',
  'The configuration changed while a partition was in force.',
  'A leader acts by a new configuration while messages from some server to another are cut off.',
);
export const CHANGE_BEFORE_OWN_COMMIT = outside(
  'change-refused-before-own-commit',
  'An operator was turned away by a leader that had committed nothing in its term.',
  'A leader whose commit index is below its first entry answers an operator busy or refused.',
);
export const CHANGE_WHILE_ANOTHER = outside(
  'change-refused-while-another',
  'An operator was turned away because a change was still under way.',
  'A leader whose latest configuration is joint or not committed answers an operator busy or refused.',
);

export const CONFIGURATION_SITUATIONS = [
  JOINT_ENTERED,
  JOINT_LEFT_AUTOMATICALLY,
  LEADER_CHANGE_WHILE_JOINT,
  CONFIGURATION_REVERTED,
  LEADER_REMOVED_ITSELF,
  LEARNER_PROMOTED,
  MEMBER_DEMOTED,
  SPARE_ADDED,
  LOST_DISK_REPLACED,
  CONFIGURATION_DURING_PARTITION,
  CHANGE_BEFORE_OWN_COMMIT,
  CHANGE_WHILE_ANOTHER,
];

export class Configurations extends Recogniser {
  override onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const server = this.view.server(process);
    if (server === undefined) return;
    switch (event.kind) {
      case 'became-leader':
        if (isJoint(server.configuration)) this.reach(LEADER_CHANGE_WHILE_JOINT);
        break;
      case 'committed':
        if (removesItself(process, server, event.index)) this.reach(LEADER_REMOVED_ITSELF);
        break;
      case 'configuration-changed':
        this.changed(server, event.index, event.configuration);
        break;
      default:
        break;
    }
  }

  override onSend(from: ProcessId, _to: ProcessId, message: Message): void {
    if (message.kind !== 'AdminReply') return;
    const { status } = message as AdminReply;
    const server = this.view.server(from);
    if (server?.isLeader !== true || (status !== 'busy' && status !== 'refused')) return;
    if (server.isFreshLeader) this.reach(CHANGE_BEFORE_OWN_COMMIT);
    else if (isJoint(server.configuration) || server.configurationIndex > server.commit) {
      this.reach(CHANGE_WHILE_ANOTHER);
    }
  }

  override clone(view: ClusterView, tally: Tally): Configurations {
    return new Configurations(view, tally);
  }

  private changed(server: ServerView, index: number, next: Membership): void {
    const before: Membership | undefined = server.configuration;
    if (before !== undefined && index < server.configurationIndex) this.reach(CONFIGURATION_REVERTED);
    if (!server.isLeader || before === undefined || index <= server.configurationIndex) return;
    if (isJoint(next) && !isJoint(before)) this.reach(JOINT_ENTERED);
    if (isJoint(before) && !isJoint(next) && before.autoLeave) this.reach(JOINT_LEFT_AUTOMATICALLY);
    if (next.voters.some((member) => isLearner(before, member))) this.reach(LEARNER_PROMOTED);
    if (next.learners.some((member) => isVoter(before, member))) this.reach(MEMBER_DEMOTED);
    for (const member of [...next.voters, ...next.learners]) {
      if (isVoter(before, member) || isLearner(before, member)) continue;
      this.reach(member < MEMBER_GENERATION ? SPARE_ADDED : LOST_DISK_REPLACED);
    }
    if (this.isAnyLinkCut()) this.reach(CONFIGURATION_DURING_PARTITION);
  }

  private isAnyLinkCut(): boolean {
    const { context } = this.view;
    for (let from = 0; from < context.servers; from++) {
      for (let to = 0; to < context.servers; to++) if (from !== to && context.isCut(from, to)) return true;
    }
    return false;
  }
}

/** The commit reaches the entry of a configuration whose voters are all of other processes. */
function removesItself(process: ProcessId, server: ServerView, index: number): boolean {
  const { configuration, configurationIndex } = server;
  if (!server.isLeader || configuration === undefined || isJoint(configuration)) return false;
  if (configurationIndex <= server.commit || configurationIndex > index) return false;
  return !configuration.voters.some((member) => member % MEMBER_GENERATION === process);
}

function isJoint(configuration: Membership | undefined): boolean {
  return configuration !== undefined && configuration.outgoing.length > 0;
}

function isVoter({ voters, outgoing }: Membership, member: number): boolean {
  return voters.includes(member) || outgoing.includes(member);
}

/** A learner in both halves of a joint configuration is one; a voter of either is not. */
function isLearner(configuration: Membership, member: number): boolean {
  return configuration.learners.includes(member) && !isVoter(configuration, member);
}
