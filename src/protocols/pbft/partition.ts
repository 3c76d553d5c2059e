/**
 * The partition tree of a replicated state (TOCS 2002, §5.3): a checkpoint's digest is that of the root, every
 * partition's is of those of its parts. So each part that comes from others is checked by itself, against what a quorum
 * has certified, before it is put anywhere.
 *
 * The paper's leaves are pages of memory. Here the state is plain data, and the tree follows it: the parts of a list or
 * an object are its items, or groups of a long list's. It is a function of the state alone, so all correct replicas
 * have the same one; which partitions are sent whole, and which by the digests of their parts, each sender decides.
 */

import { byCodeUnits, bytesWithin, canonical, type Plain } from '../../kernel/index.js';
import {
  receivedDigest,
  stateDigest,
  type CheckpointState,
  type PartDigests,
  type PlainState,
} from './checkpoint.js';
import { executedDigest } from './executed.js';
import type { StatePart } from './messages.js';
import {
  FANOUT,
  digestOfGroup,
  digestOfList,
  digestOfObject,
  groupDigest,
  groupSize,
  isList,
  plainDigest,
  type Members,
} from './plain-digest.js';
import { isPlain } from './validate.js';

/** Nesting of a state: that of what clients send, and what is built around it. */
const DEEPEST = 64;

/** The whole state, its requests that were executed, plain data, and some items of a list. */
type Kind = 'state' | 'executed' | 'plain' | 'group';

/** What is known of a partition before it is here. */
export interface Expected {
  readonly kind: Kind;
  readonly digest: number;
  /** Items of a group; of no meaning otherwise. */
  readonly count: number;
}

/** Bytes up to which a partition is digested at once: its parts are seldom asked for by themselves. */
const SMALL = 512;

/** A partition that is here. Its parts and its digest are worked out once, when they are asked for. */
export class Partition {
  private sortedNames: readonly string[] | undefined = undefined;
  private isDigested: boolean;

  /** What is known of it already: its digest, its parts. */
  constructor(
    readonly kind: Kind,
    readonly value: Plain,
    private known?: number,
    private split?: readonly Partition[],
  ) {
    this.isDigested = known !== undefined;
  }

  /** In their order. */
  get parts(): readonly Partition[] {
    return (this.split ??= split(this));
  }

  /** Of an object: what its parts are called, in their order. */
  get names(): readonly string[] {
    return (this.sortedNames ??= namesOf(this.value as Members));
  }

  /** True when it takes no more than so many bytes. */
  isWithin(bytes: number): boolean {
    return bytesWithin(this.value, bytes) !== undefined;
  }

  /** Undefined: it is nothing that can be of this kind. */
  get digest(): number | undefined {
    if (!this.isDigested) this.known = this.compute();
    this.isDigested = true;
    return this.known;
  }

  private compute(): number | undefined {
    const { kind, value } = this;
    return this.isDigestedWhole() ? partitionDigest(kind, value) : digestOfParts(this);
  }

  /** Of a group of single items as well: to ask how large it is takes as long as to digest it. */
  private isDigestedWhole(): boolean {
    const { kind, value } = this;
    if (kind === 'group' && isList(value) && value.length <= FANOUT) return true;
    return this.isWithin(SMALL) || this.parts.length === 0;
  }
}

/** All of a state that is here. What was digested when it was made is not digested again. */
export function rootPartition({ state, parts }: CheckpointState): Partition {
  return new Partition('state', state, undefined, splitState(state, parts));
}

/** A part by the digests of its own parts. */
export type Described = Exclude<StatePart, { readonly shape: 'whole' | 'gone' }>;

export function rootOf(digest: number): Expected {
  return { kind: 'state', digest, count: 0 };
}

// ---- what is here ----

/** Undefined: nothing that can be of this kind. */
function partitionDigest(kind: Kind, value: Plain): number | undefined {
  switch (kind) {
    case 'state':
      return receivedDigest(value);
    case 'executed':
      return executedDigest(value);
    case 'plain':
      return plainDigest(value);
    case 'group':
      return isList(value) ? groupDigest(value) : undefined;
  }
}

/** The same, with the digests of the parts. */
function digestOfParts(partition: Partition): number | undefined {
  const { kind, value, parts } = partition;
  const digests = parts.map(({ digest }) => digest);
  if (!areNumbers(digests)) return undefined;
  if (kind === 'state') {
    const [executed, service] = digests as [number, number];
    return stateDigest(value as PlainState & Plain, { executed, service });
  }
  if (!isList(value)) return digestOfObject(partition.names, digests);
  return kind === 'group' ? digestOfGroup(digests, value.length) : digestOfList(digests, value.length);
}

function areNumbers(digests: readonly (number | undefined)[]): digests is readonly number[] {
  return !digests.includes(undefined);
}

/** The parts of a partition, in order. */
function split(partition: Partition): Partition[] {
  const { kind, value } = partition;
  if (kind === 'executed' || typeof value !== 'object' || value === null) return [];
  if (kind === 'state') return splitState(value, undefined);
  if (isList(value)) return splitList(value);
  return partition.names.map((name) => new Partition('plain', value[name] as Plain));
}

/** None: it is no state. */
function splitState(value: Plain, known: PartDigests | undefined): Partition[] {
  if (value === null || typeof value !== 'object' || isList(value)) return [];
  const { executed, service } = value as Members;
  if (executed === undefined || service === undefined) return [];
  return [
    new Partition('executed', executed, known?.executed),
    new Partition('plain', service, known?.service),
  ];
}

function splitList(list: readonly Plain[]): Partition[] {
  if (list.length <= FANOUT) return list.map((value) => new Partition('plain', value));
  const size = groupSize(list.length);
  const groups: Partition[] = [];
  for (let i = 0; i < list.length; i += size) groups.push(new Partition('group', list.slice(i, i + size)));
  return groups;
}

function namesOf(members: Members): string[] {
  return Object.keys(members)
    .filter((name) => members[name] !== undefined)
    .sort(byCodeUnits);
}

/** The partition that a path, of numbers of parts, leads to; undefined: there is none. */
export function partitionAt(root: Partition, path: readonly number[]): Partition | undefined {
  let partition: Partition | undefined = root;
  for (const number of path) partition = partition?.parts[number];
  return partition;
}

// ---- to others ----

/** What is sent of a partition: all of it when that is no more than so many bytes, or it has no parts. */
export function partOf(partition: Partition, most: number): StatePart {
  const { kind, value } = partition;
  const whole = { shape: 'whole', text: '' } as const;
  const isSmall =
    partition.isWithin(most) || kind === 'executed' || typeof value !== 'object' || value === null;
  if (isSmall) return { ...whole, text: canonical(value) };
  const digests = partition.parts.map(({ digest }) => digest as number);
  if (kind === 'state') {
    const [executed, service] = digests;
    return { shape: 'state', members: { ...(value as Members), executed, service } as unknown as Plain };
  }
  if (!isList(value)) return { shape: 'object', names: namesOf(value), digests };
  return kind === 'group' ? { shape: 'group', digests } : { shape: 'list', count: value.length, digests };
}

// ---- from others ----

/** What comes whole in this part; undefined: nothing, or nothing that can be part of a state. */
export function contentOf(part: StatePart): Plain | undefined {
  return part.shape === 'whole' ? parse(part.text) : undefined;
}

/** True when this part, which has this content, is the partition that is expected. */
export function isGenuine(part: StatePart, expected: Expected, content = contentOf(part)): boolean {
  const { kind, digest, count } = expected;
  switch (part.shape) {
    case 'whole':
      if (content === undefined || (kind === 'group' && !(isList(content) && content.length === count)))
        return false;
      return partitionDigest(kind, content) === digest;
    case 'list':
      if (kind !== 'plain' || part.digests.length !== partsIn(part.count)) return false;
      return digestOfList(part.digests, part.count) === digest;
    case 'group':
      if (kind !== 'group' || part.digests.length !== partsIn(count)) return false;
      return digestOfGroup(part.digests, count) === digest;
    case 'object':
      if (kind !== 'plain' || part.digests.length !== part.names.length) return false;
      return areInOrder(part.names) && digestOfObject(part.names, part.digests) === digest;
    case 'state':
      return kind === 'state' && hasDigests(part.members) && plainDigest(part.members) === digest;
    case 'gone':
      return false;
  }
}

/**
 * As {@link namesOf} has them. Their digest does not depend on their order, the numbers of the parts do: told in another
 * one, all that is genuine would come under the wrong number, and its senders would pass for liars.
 */
function areInOrder(names: readonly string[]): boolean {
  for (let i = 1; i < names.length; i++) {
    if (!((names[i - 1] as string) < (names[i] as string))) return false;
  }
  return true;
}

/** How many parts so many items make. */
function partsIn(count: number): number {
  return count <= FANOUT ? count : Math.ceil(count / groupSize(count));
}

function hasDigests(members: Plain): boolean {
  if (typeof members !== 'object' || members === null || isList(members)) return false;
  const { executed, service } = members as Members;
  return typeof executed === 'number' && typeof service === 'number';
}

/** What the parts are expected to be of a partition that was described so, of `count` items if it is a group. */
export function expectedParts(part: Described, count: number): Expected[] {
  switch (part.shape) {
    case 'state': {
      const { executed, service } = part.members as unknown as {
        readonly executed: number;
        readonly service: number;
      };
      return [
        { kind: 'executed', digest: executed, count: 0 },
        { kind: 'plain', digest: service, count: 0 },
      ];
    }
    case 'object':
      return part.digests.map((digest) => ({ kind: 'plain', digest, count: 0 }));
    case 'list':
      return expectedItems(part.digests, part.count);
    case 'group':
      return expectedItems(part.digests, count);
  }
}

function expectedItems(digests: readonly number[], count: number): Expected[] {
  if (count <= FANOUT) return digests.map((digest) => ({ kind: 'plain', digest, count: 0 }));
  const size = groupSize(count);
  return digests.map((digest, i) => ({ kind: 'group', digest, count: Math.min(size, count - i * size) }));
}

/** A partition put together from its parts; `count`: as above. */
export function assemble(part: Described, count: number, values: readonly Plain[]): Plain {
  switch (part.shape) {
    case 'state': {
      const [executed, service] = values;
      // What is undefined is in no digest: anything of that kind could have come along.
      const { index, configuration, since, change } = part.members as Members;
      return { index, configuration, since, change, executed, service };
    }
    case 'object':
      return Object.fromEntries(part.names.map((name, i) => [name, values[i] as Plain]));
    case 'list':
      return assembleItems(part.count, values);
    case 'group':
      return assembleItems(count, values);
  }
}

function assembleItems(count: number, values: readonly Plain[]): Plain {
  return count <= FANOUT ? values : (values as readonly (readonly Plain[])[]).flat(1);
}

/**
 * Undefined: it is no JSON, or nested deeper than any state, so it is not what was certified. (All else here follows the
 * nesting by recursion.)
 */
function parse(text: string): Plain | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPlain(value, DEEPEST) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
