/**
 * Consumer groups: members share the partitions of the topics that they subscribed to. Whenever somebody joins,
 * leaves, or is not heard of for too long (by log time), the generation rises and all partitions are assigned anew;
 * whoever still acts under an earlier generation is refused. Offsets are committed per group and partition.
 *
 * A member that is silent leaves when the group next hears of anybody: time alone changes nothing.
 */

import { assert, byCodeUnits, type Micros, type Plain } from '../../kernel/index.js';
import {
  LIMIT,
  MALFORMED,
  STALE_GENERATION,
  UNKNOWN_MEMBER,
  UNKNOWN_TOPIC,
  type ConsumedTo,
  type Join,
  type Refusal,
} from './operations.js';
import type { PartitionLog } from './partition-log.js';
import type { RollingHash } from './rolling-hash.js';
import type { TopicTable } from './topics.js';

export const MAX_GROUPS = 256;
export const MAX_MEMBERS = 256;

export class Member {
  seenMicros: Micros;
  /** Topics and partitions that are its own in this generation. */
  assignment: readonly (readonly [string, number])[] = [];

  constructor(
    readonly name: string,
    readonly topics: readonly string[],
    readonly timeoutMicros: Micros,
    seenMicros: Micros,
  ) {
    this.seenMicros = seenMicros;
  }

  owns(topic: string, partition: number): boolean {
    return this.assignment.some(([name, number]) => name === topic && number === partition);
  }

  clone(): Member {
    const copy = new Member(this.name, this.topics, this.timeoutMicros, this.seenMicros);
    copy.assignment = this.assignment;
    return copy;
  }
}

export class Group {
  generation = 0;
  members = new Map<string, Member>();
  /** By the partition's number. */
  committed = new Map<number, number>();

  constructor(readonly name: string) {}
}

export class GroupTable {
  private groups = new Map<string, Group>();

  constructor(
    protected readonly hash: RollingHash,
    protected readonly topics: TopicTable,
  ) {}

  join({ group: name, member, topics, timeoutMicros }: Join, now: Micros): Group | Refusal {
    for (const topic of topics) if (this.topics.get(topic) === undefined) return UNKNOWN_TOPIC;
    let group = this.groups.get(name);
    if (group === undefined) {
      if (this.groups.size >= MAX_GROUPS) return LIMIT;
      group = new Group(name);
      this.groups.set(name, group);
    }
    const wasLeft = this.removeSilent(group, now);
    const before = group.members.get(member);
    if (before === undefined && group.members.size >= MAX_MEMBERS) return LIMIT; // hence nobody was removed
    if (before !== undefined && !wasLeft && sameNames(before.topics, topics)) {
      before.seenMicros = now;
      return group;
    }
    group.members.set(member, new Member(member, topics, timeoutMicros, now));
    this.rebalance(group);
    return group;
  }

  leave(name: string, member: string, now: Micros): Refusal | undefined {
    const group = this.groups.get(name);
    if (group === undefined) return UNKNOWN_MEMBER;
    this.hearOthers(group, now);
    if (!group.members.delete(member)) return UNKNOWN_MEMBER;
    this.rebalance(group);
    return undefined;
  }

  /** A member acts under a generation: the group, or why it is refused. */
  attend(name: string, member: string, generation: number, now: Micros): Group | Refusal {
    const group = this.groups.get(name);
    if (group === undefined) return UNKNOWN_MEMBER;
    this.hearOthers(group, now);
    const found = group.members.get(member);
    if (found === undefined) return UNKNOWN_MEMBER;
    if (this.isStale(group, generation)) return STALE_GENERATION;
    found.seenMicros = now;
    return group;
  }

  /** Why these offsets may not be committed; undefined when they may. */
  refuseCommit(group: Group, member: string, offsets: readonly ConsumedTo[]): Refusal | undefined {
    for (const [topic, partition, offset] of offsets) {
      const log = this.topics.log(topic, partition);
      if (log === undefined) return UNKNOWN_TOPIC;
      if (offset > log.end) return MALFORMED;
      if (!this.isOwner(group, member, topic, partition)) return STALE_GENERATION;
    }
    return undefined;
  }

  commit(group: Group, offsets: readonly ConsumedTo[]): void {
    for (const [topic, partition, offset] of offsets) {
      const log = this.topics.log(topic, partition) as PartitionLog;
      group.committed.set(log.id, offset);
      this.hash.integer(log.id);
      this.hash.integer(offset);
    }
  }

  /** A member's partitions, with where to go on: behind what is committed, or where the log begins. */
  assignment(group: Group, name: string): ConsumedTo[] {
    const member = group.members.get(name);
    return (member?.assignment ?? []).map(([topic, partition]): ConsumedTo => {
      const log = this.topics.log(topic, partition) as PartitionLog;
      return [topic, partition, this.resumeAt(group, log)];
    });
  }

  copyFrom(other: GroupTable): void {
    for (const [name, group] of other.groups) {
      const copy = new Group(name);
      copy.generation = group.generation;
      for (const [member, each] of group.members) copy.members.set(member, each.clone());
      copy.committed = new Map(group.committed);
      this.groups.set(name, copy);
    }
  }

  encode(): Plain {
    const groups = [...this.groups.values()].sort(byName).map(({ name, generation, members, committed }) => ({
      name,
      generation,
      members: [...members.values()].sort(byName).map((member) => ({ ...member })),
      committed: [...committed].sort(([a], [b]) => a - b),
    }));
    return groups;
  }

  restore(plain: Plain): void {
    assert(Array.isArray(plain), 'stream: a snapshot has groups');
    this.groups = new Map();
    for (const from of plain as unknown as readonly GroupSnapshot[]) {
      const group = new Group(from.name);
      group.generation = from.generation;
      for (const { name, topics, timeoutMicros, seenMicros, assignment } of from.members) {
        const member = new Member(name, topics, timeoutMicros, seenMicros);
        member.assignment = assignment;
        group.members.set(name, member);
      }
      for (const [log, offset] of from.committed) group.committed.set(log, offset);
      this.groups.set(from.name, group);
    }
  }

  /** True for a generation that has passed, or that never was. */
  protected isStale(group: Group, generation: number): boolean {
    return generation !== group.generation;
  }

  protected isOwner(group: Group, member: string, topic: string, partition: number): boolean {
    return group.members.get(member)?.owns(topic, partition) === true;
  }

  protected isSilent(member: Member, now: Micros): boolean {
    return member.seenMicros + member.timeoutMicros < now;
  }

  protected resumeAt(group: Group, log: PartitionLog): number {
    return Math.max(group.committed.get(log.id) ?? 0, log.start);
  }

  /** In an order that every replica agrees on: that of arrival is lost in a snapshot. */
  protected inOrder(members: Iterable<Member>): Member[] {
    return [...members].sort(byName);
  }

  /** Partitions go round robin among those who subscribed to their topic. */
  protected rebalance(group: Group): void {
    group.generation++;
    this.hash.integer(group.generation);
    const members = this.inOrder(group.members.values());
    const assignments = members.map((): [string, number][] => []);
    let turn = 0;
    for (const topic of subscribedTopics(members)) {
      const partitions = this.topics.get(topic)?.logs.length ?? 0;
      for (let partition = 0; partition < partitions; partition++) {
        while (!(members[turn % members.length] as Member).topics.includes(topic)) turn++;
        assignments[turn++ % members.length]?.push([topic, partition]);
      }
    }
    members.forEach((member, i) => {
      member.assignment = assignments[i] ?? [];
      this.hash.integer(member.assignment.length);
      for (const [topic, partition] of member.assignment) {
        this.hash.integer(this.topics.log(topic, partition)?.id ?? -1);
      }
    });
  }

  private hearOthers(group: Group, now: Micros): void {
    if (this.removeSilent(group, now)) this.rebalance(group);
  }

  /** True when somebody was removed. */
  private removeSilent(group: Group, now: Micros): boolean {
    let isRemoved = false;
    for (const [name, member] of group.members) {
      if (!this.isSilent(member, now)) continue;
      group.members.delete(name);
      isRemoved = true;
    }
    return isRemoved;
  }
}

interface GroupSnapshot {
  readonly name: string;
  readonly generation: number;
  readonly members: readonly (Pick<Member, 'name' | 'topics' | 'timeoutMicros' | 'seenMicros'> & {
    readonly assignment: Member['assignment'];
  })[];
  readonly committed: readonly (readonly [number, number])[];
}

function subscribedTopics(members: readonly Member[]): string[] {
  const topics = new Set<string>();
  for (const member of members) for (const topic of member.topics) topics.add(topic);
  return [...topics].sort(byCodeUnits);
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return byCodeUnits(a.name, b.name);
}
