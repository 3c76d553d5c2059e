/** Who takes part where: one configuration for each place, and nobody speaks in one before having a part in it. */

import { MEMBER_GENERATION, type ProcessId } from '../../kernel/index.js';
import {
  configurationOf,
  type JournalRecord,
  type Link,
  type Sequence,
  type View,
} from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

const SOURCE = '§4, for one group; TOCS 2002, §9, leaves changes of it open';

export const CONFIGURATION_IN_FORCE = pbftSafety(
  'configuration-in-force',
  'Each place of the order is decided in one configuration, and all replicas agree where one gives way to the next.',
  'Of the links to configuration c that replicas have made durable, all name the same request and the same checkpoint. With b(c) the sequence of that checkpoint, and b(0) = 0, a replica executes at sequence n only what was decided in a view of the configuration c with b(c) < n <= b(c + 1). Judged when a link becomes durable and at every execution; what was executed above b(c + 1) in a view of c is found when the link to c + 1 becomes durable.',
  SOURCE,
);

export const MEMBERS_SPEAK = pbftSafety(
  'members-speak',
  'Only members speak in a configuration, and none before it has the state with which the configuration began.',
  'A replica that sends a PRE-PREPARE, PREPARE, COMMIT, VIEW-CHANGE or (its own) NEW-VIEW of a view of configuration c, or a CHECKPOINT of a batch that c decides, is a member of c (one whose disk was formatted anew is another), has made the link to c durable, and no later one; and since its start it has executed or installed up to b(c), or a checkpoint of b(c) or later is durable on its disk. Judged at every send. That certificates count members alone, pbft/certificates says.',
  SOURCE,
);

export class ConfigurationInForce extends PbftChecker {
  override readonly info = CONFIGURATION_IN_FORCE;

  onExecuted(process: ProcessId, view: View, sequence: Sequence): void {
    const { number } = this.ghost.configurations.inForce(sequence);
    if (number === configurationOf(view)) return;
    this.wrong(process, view, sequence, number);
  }

  onDurable(process: ProcessId, content: JournalRecord['content']): void {
    if (content.kind === 'configuration') for (const link of content.links) this.onLink(process, link);
    else if (content.kind === 'base')
      for (const promised of content.promised) this.onDurable(process, promised);
  }

  private onLink(process: ProcessId, link: Link): void {
    const { boundary, request } = link;
    const known = this.ghost.configurations.learn(link);
    if (known === undefined) {
      this.ghost.gaveWay(boundary.sequence, request.command.sequence);
      this.judgeExecuted(boundary.sequence, request.command.sequence);
      return;
    }
    const { begunAfter, digest, number } = known;
    if (
      begunAfter === boundary.sequence &&
      digest === boundary.digest &&
      known.request === request.command.hash
    )
      return;
    this.violate(
      `${this.ghost.name(process)} lets configuration ${number} begin after batch ${boundary.sequence} ` +
        `(state ${boundary.digest}), others after batch ${begunAfter} (state ${digest})`,
    );
  }

  /** What was executed before anybody knew. */
  private judgeExecuted(boundary: Sequence, number: number): void {
    this.ghost.replicas.forEach(({ executed, executedIn }, process) => {
      if (this.ghost.isFaulty(process) || executed <= boundary || configurationOf(executedIn) >= number)
        return;
      this.wrong(process, executedIn, executed, number);
    });
  }

  private wrong(process: ProcessId, view: View, sequence: Sequence, number: number): void {
    this.violate(
      `${this.ghost.name(process)} executed ${this.place(view, sequence)}, which is one of configuration ` +
        `${configurationOf(view)}; configuration ${number} is in force there`,
    );
  }
}

export class MembersSpeak extends PbftChecker {
  override readonly info = MEMBERS_SPEAK;

  onSent(process: ProcessId, replica: ReplicaGhost, kind: string, view: View): void {
    this.judge(process, replica, kind, configurationOf(view));
  }

  onCheckpoint(process: ProcessId, replica: ReplicaGhost, sequence: Sequence): void {
    this.judge(process, replica, 'CHECKPOINT', this.ghost.configurations.inForce(sequence).number);
  }

  private judge(process: ProcessId, replica: ReplicaGhost, kind: string, number: number): void {
    const configuration = this.ghost.configurations.find(number);
    const { disk } = replica;
    if (configuration === undefined || disk.configuration !== number) {
      this.violate(
        `${this.ghost.name(process)} sent a ${kind} of configuration ${number}, and acts by ${disk.configuration}`,
      );
    } else if (!configuration.ids.includes(process + MEMBER_GENERATION * replica.generation)) {
      this.violate(`${this.ghost.name(process)}, no member of configuration ${number}, sent a ${kind} in it`);
    } else if (
      number > 0 &&
      replica.hasUpTo < configuration.begunAfter &&
      !disk.hasStateOf(configuration.begunAfter)
    ) {
      this.violate(
        `${this.ghost.name(process)} sent a ${kind} of configuration ${number} without the state after batch ` +
          `${configuration.begunAfter}, with which that began`,
      );
    }
  }
}
