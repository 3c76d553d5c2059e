/**
 * Twins (Bano et al., "Twins: BFT Systems Made Robust", OPODIS 2021): a second process with the same code, identity
 * and network address as a replica. Neither lies; together they equivocate, lose memory and vote twice. Who hears
 * which of the two changes again and again: at any time each other server is on the side of one of them, and what
 * it sends to their address reaches that one alone. Clients hear both.
 *
 * Process, address and identity are three things here: routing is by process, links and keys by address.
 */

import { Family, type Choices, type Micros, type ProcessId } from '../../kernel/index.js';
import type { Corruption } from './corruption.js';
import { twinsOf, type ByzantineFault } from './plan.js';

/** Streams of chance: beyond those of the adversary's rules. */
const FIRST_STREAM = 5000;

/** One address with two processes. */
class Pair {
  /** Servers on the twin's side, as bits. */
  side = 0;
  /** When the sides change next. */
  until: Micros = 0;
  /** How often they have. */
  epoch = 0;

  constructor(
    readonly address: ProcessId,
    readonly twin: ProcessId,
    readonly everyMinMicros: Micros,
    readonly everyMaxMicros: Micros,
  ) {}

  clone(): Pair {
    return Object.assign(new Pair(this.address, this.twin, this.everyMinMicros, this.everyMaxMicros), this);
  }
}

export class Twins {
  /** Result of {@link route}: the processes that a message reaches; the first {@link count} are in use. */
  readonly receivers: ProcessId[] = [0, 0];
  count = 0;

  private constructor(
    private readonly servers: number,
    /** The twins are this process and those after it. */
    readonly first: ProcessId,
    private readonly pairs: readonly Pair[],
    private readonly choices: Choices,
  ) {}

  /** Undefined where nobody has a twin. */
  static create(
    plan: readonly ByzantineFault[],
    corruption: Corruption,
    servers: number,
    first: ProcessId,
    choices: Choices,
  ): Twins | undefined {
    if (twinsOf(plan) === 0) return undefined;
    const pairs: Pair[] = [];
    for (const { on, action } of plan) {
      if (action.do !== 'twin') continue;
      for (const address of corruption.culpritsOf(on) ?? []) {
        pairs.push(new Pair(address, first + pairs.length, action.everyMinMicros, action.everyMaxMicros));
      }
    }
    return new Twins(servers, first, pairs, choices);
  }

  /** The addresses of the twins, in the order of their processes. */
  get addresses(): readonly ProcessId[] {
    return this.pairs.map(({ address }) => address);
  }

  /** The address of a process: its own number, but for a twin. */
  addressOf(process: ProcessId): ProcessId {
    return process < this.first ? process : (this.pairs[process - this.first] as Pair).address;
  }

  /** Decides which processes at the address `to` a message reaches, and leaves them in {@link receivers}. */
  route(now: Micros, from: ProcessId, to: ProcessId): void {
    this.count = 0;
    const own = this.pairOf(this.addressOf(from));
    const other = this.pairOf(to);
    const isTwin = from >= this.first;
    if (own !== undefined && to < this.servers && other === undefined) {
      if (this.isOnTwinsSide(own, to, now) === isTwin) this.add(to);
    } else if (other === undefined) {
      this.add(to);
    } else if (from >= this.servers && own === undefined) {
      this.add(to);
      this.add(other.twin);
    } else if (own !== other) {
      const isForTwin = own === undefined ? this.isOnTwinsSide(other, from, now) : isTwin;
      this.add(isForTwin ? other.twin : to);
    }
  }

  private add(process: ProcessId): void {
    this.receivers[this.count++] = process;
  }

  private pairOf(address: ProcessId): Pair | undefined {
    for (let i = 0; i < this.pairs.length; i++) if (this.pairs[i]?.address === address) return this.pairs[i];
    return undefined;
  }

  private isOnTwinsSide(pair: Pair, server: ProcessId, now: Micros): boolean {
    if (now >= pair.until) this.changeSides(pair, now);
    return (pair.side & (1 << server)) !== 0;
  }

  private changeSides(pair: Pair, now: Micros): void {
    const { choices, servers, first } = this;
    const stream = FIRST_STREAM + pair.twin - first;
    const subject = choices.keyed ? `twin of ${pair.address}/${pair.epoch}` : 'twin';
    const { everyMinMicros: min, everyMaxMicros: max } = pair;
    pair.epoch++;
    pair.until =
      now + (min < max ? choices.integer(Family.fault, stream, subject, 'lasts', min, max, max) : min);
    pair.side = 0;
    for (let server = 0; server < servers; server++) {
      pair.side |= choices.integer(Family.fault, stream, subject, `side of ${server}`, 0, 1, 0) << server;
    }
  }

  clone(choices: Choices): Twins {
    return new Twins(
      this.servers,
      this.first,
      this.pairs.map((pair) => pair.clone()),
      choices,
    );
  }
}
