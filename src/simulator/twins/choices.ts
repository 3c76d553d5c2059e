/**
 * What a round of a Twins scenario can be: who can talk to whom, and who leads. And all scenarios of so many rounds,
 * in one fixed order, each up to symmetry once, so that a number names a scenario.
 *
 * Symmetric are two scenarios that differ only in what the replicas that are not twins are called, or in which copy
 * of a twin is the first. A scenario is listed when no renaming comes before it.
 */

import { assert } from '../../kernel/index.js';

/** One round. */
export interface Round {
  /** By node: the number of its part. Parts are numbered as they first appear. */
  readonly parts: readonly number[];
  /** Identity of the primary. */
  readonly leader: number;
}

export interface TwinsShape {
  /** Identities. */
  readonly replicas: number;
  /** The first so many identities are run twice. */
  readonly twins: number;
  /** Most parts of a partition. */
  readonly mostParts: number;
}

/** Renamings that leave the rounds chosen so far as they are: a set of elements of the group. */
interface Stabiliser {
  readonly id: number;
  readonly elements: readonly number[];
  /** Choices that no element brings to an earlier one, ascending; and the stabiliser after each. */
  minimal: readonly number[] | undefined;
  readonly after: Map<number, Stabiliser>;
  /** By rounds that remain: how many scenarios there are. */
  readonly counts: number[];
}

export class Choices {
  readonly rounds: readonly Round[];
  /** `action[element][choice]`: what a renaming makes of a choice. */
  private readonly action: readonly Int32Array[];
  private readonly stabilisers = new Map<string, Stabiliser>();
  private readonly whole: Stabiliser;

  constructor(readonly shape: TwinsShape) {
    const nodes = shape.replicas + shape.twins;
    const partitions = partitionsOf(nodes, shape.mostParts);
    this.rounds = partitions.flatMap((parts) =>
      Array.from({ length: shape.replicas }, (_, leader) => ({ parts, leader })),
    );
    const indexes = new Map(this.rounds.map(({ parts, leader }, i) => [`${parts.join()} ${leader}`, i]));
    this.action = renamingsOf(shape).map((renaming) =>
      Int32Array.from(this.rounds, (round) => indexOf(indexes, renamed(round, renaming))),
    );
    this.whole = this.stabiliser(this.action.map((_, element) => element));
  }

  /** Number of scenarios of so many rounds, up to symmetry. */
  count(depth: number): number {
    return this.countFrom(this.whole, depth);
  }

  get root(): number {
    return this.whole.id;
  }

  /** The rounds that may come next, as numbers of {@link rounds}, when these renamings are left. */
  next(stabiliser: number): readonly number[] {
    return this.minimalOf(this.byId(stabiliser));
  }

  /** Which renamings are left after that round. */
  after(stabiliser: number, choice: number): number {
    return this.afterChoice(this.byId(stabiliser), choice).id;
  }

  countAfter(stabiliser: number, depth: number): number {
    return this.countFrom(this.byId(stabiliser), depth);
  }

  /** The scenario of this number, from 0, as numbers of {@link rounds}. */
  scenario(index: number, depth: number): number[] {
    assert(index >= 0 && index < this.count(depth), 'the number of a scenario that there is');
    const chosen: number[] = [];
    let stabiliser = this.whole;
    let left = index;
    for (let remaining = depth - 1; remaining >= 0; remaining--) {
      for (const choice of this.minimalOf(stabiliser)) {
        const after = this.afterChoice(stabiliser, choice);
        const count = this.countFrom(after, remaining);
        if (left < count) {
          chosen.push(choice);
          stabiliser = after;
          break;
        }
        left -= count;
      }
    }
    return chosen;
  }

  private readonly ids: Stabiliser[] = [];

  private byId(id: number): Stabiliser {
    return this.ids[id] as Stabiliser;
  }

  private stabiliser(elements: readonly number[]): Stabiliser {
    const key = elements.join();
    let known = this.stabilisers.get(key);
    if (known === undefined) {
      known = { id: this.ids.length, elements, minimal: undefined, after: new Map(), counts: [1] };
      this.stabilisers.set(key, known);
      this.ids.push(known);
    }
    return known;
  }

  private minimalOf(stabiliser: Stabiliser): readonly number[] {
    const { elements } = stabiliser;
    stabiliser.minimal ??= Array.from(this.rounds.keys()).filter((choice) =>
      elements.every((element) => ((this.action[element] as Int32Array)[choice] as number) >= choice),
    );
    return stabiliser.minimal;
  }

  private afterChoice(stabiliser: Stabiliser, choice: number): Stabiliser {
    let after = stabiliser.after.get(choice);
    if (after === undefined) {
      after = this.stabiliser(
        stabiliser.elements.filter((element) => (this.action[element] as Int32Array)[choice] === choice),
      );
      stabiliser.after.set(choice, after);
    }
    return after;
  }

  private countFrom(stabiliser: Stabiliser, depth: number): number {
    const known = stabiliser.counts[depth];
    if (known !== undefined) return known;
    let count = 0;
    for (const choice of this.minimalOf(stabiliser)) {
      count += this.countFrom(this.afterChoice(stabiliser, choice), depth - 1);
    }
    stabiliser.counts[depth] = count;
    return count;
  }
}

/** Every partition of so many nodes into at most so many parts, in lexicographic order: all together first. */
function partitionsOf(nodes: number, mostParts: number): number[][] {
  let partial: number[][] = [[]];
  for (let node = 0; node < nodes; node++) {
    partial = partial.flatMap((parts) => {
      const used = Math.max(-1, ...parts) + 1;
      return Array.from({ length: Math.min(used + 1, mostParts) }, (_, part) => [...parts, part]);
    });
  }
  return partial;
}

/** What nodes and identities are called instead. */
interface Renaming {
  readonly nodes: readonly number[];
  readonly identities: readonly number[];
}

function renamingsOf({ replicas, twins }: TwinsShape): Renaming[] {
  const others = Array.from({ length: replicas - twins }, (_, i) => twins + i);
  const renamings: Renaming[] = [];
  for (const order of permutationsOf(others)) {
    for (let swaps = 0; swaps < 1 << twins; swaps++) {
      const identities = Array.from({ length: twins }, (_, i) => i).concat(order);
      const nodes = identities.slice();
      for (let twin = 0; twin < twins; twin++) {
        const isSwapped = (swaps & (1 << twin)) !== 0;
        nodes[twin] = isSwapped ? replicas + twin : twin;
        nodes[replicas + twin] = isSwapped ? twin : replicas + twin;
      }
      renamings.push({ nodes, identities });
    }
  }
  return renamings;
}

function permutationsOf(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) =>
    permutationsOf(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  );
}

function renamed({ parts, leader }: Round, { nodes, identities }: Renaming): Round {
  const moved: number[] = [];
  parts.forEach((part, node) => (moved[nodes[node] as number] = part));
  const numbers = new Map<number, number>();
  for (const part of moved) if (!numbers.has(part)) numbers.set(part, numbers.size);
  return { parts: moved.map((part) => numbers.get(part) as number), leader: identities[leader] as number };
}

function indexOf(indexes: ReadonlyMap<string, number>, { parts, leader }: Round): number {
  const index = indexes.get(`${parts.join()} ${leader}`);
  assert(index !== undefined, 'renaming a round gives a round');
  return index;
}
