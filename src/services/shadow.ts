/**
 * Dual verification: a candidate runs in the shadow of a service. Every command goes to both, the service
 * answers, and answers of the candidate that differ are counted; the first one is kept and told.
 *
 * The candidate cannot reach the service: what it throws, when it answers, is saved, restored or copied, is a
 * divergence like any other (and its end, but when it answers a query), its answers and its digest go nowhere, and the
 * inputs that it shares with the service are frozen. Its state is saved beside the service's: a protocol that compares
 * whole states, like PBFT, needs a candidate whose snapshot is a function of what was applied alone.
 *
 * Sessions go around the pair, so that each command comes here once.
 */

import { canonical, deepFreeze } from '../kernel/index.js';
import type { Command, Micros, Plain, ProcessId, Result, StateMachine } from '../kernel/index.js';

/** The first answer that differed. */
export interface ShadowDivergence {
  /** Which of the commands that the pair has applied, from 1. */
  readonly command: number;
  readonly client: ProcessId;
  readonly sequence: number;
  readonly input: Plain;
  /** The answers as canonical text; what the candidate threw, when it did. */
  readonly primary: string;
  readonly candidate: string;
}

export class ShadowedService implements StateMachine {
  /** Answers of the candidate that differed. */
  divergences = 0;
  firstDivergence: ShadowDivergence | undefined = undefined;
  private applied = 0;
  private isTold = false;
  /**
   * The first answer to a query that differed. Not of the replicated state: which replica is asked what, and when, is no
   * matter of the agreed order, so neither a count nor the candidate's end may follow from it.
   */
  private readDivergence: ShadowDivergence | undefined = undefined;
  private isReadTold = false;

  /** `candidate` is undefined once it has thrown. */
  constructor(
    private readonly primary: StateMachine,
    private candidate: StateMachine | undefined,
  ) {}

  apply(command: Command, timeMicros: Micros): Result {
    deepFreeze(command.input);
    this.applied++;
    const result = this.primary.apply(command, timeMicros);
    this.compare(command, result, (candidate) => candidate.apply(command, timeMicros));
    return result;
  }

  query(command: Command): Result | undefined {
    const result = this.primary.query?.(command);
    if (result === undefined) return undefined;
    deepFreeze(command.input);
    const expected = canonical(result);
    const answer = this.answerTo(command);
    if (answer !== undefined && answer !== expected)
      this.readDivergence ??= this.divergence(command, expected, answer);
    return result;
  }

  private answerTo(command: Command): string | undefined {
    if (this.candidate === undefined) return undefined;
    try {
      return canonical(this.candidate.query?.(command) ?? null);
    } catch (error) {
      return threw(error);
    }
  }

  /** The first divergence in one sentence, once; undefined when there is nothing to tell. */
  takeDivergence(): string | undefined {
    const found = this.untold();
    if (found === undefined) return undefined;
    const { command, client, sequence, input, primary, candidate } = found;
    return (
      `command ${command} (operation ${sequence} of process ${client}, ${canonical(input)}) was answered ` +
      `${primary}, by the shadow ${candidate}`
    );
  }

  private untold(): ShadowDivergence | undefined {
    if (this.firstDivergence !== undefined && !this.isTold) {
      this.isTold = true;
      return this.firstDivergence;
    }
    if (this.readDivergence === undefined || this.isReadTold) return undefined;
    this.isReadTold = true;
    return this.readDivergence;
  }

  digest(): number {
    return this.primary.digest();
  }

  snapshot(): Plain {
    const primary = this.primary.snapshot();
    const candidate = this.attempt(undefined, (shadow) => shadow.snapshot());
    const { applied, divergences, firstDivergence } = this;
    const first = firstDivergence === undefined ? null : { ...firstDivergence };
    return { primary, shadow: { applied, divergences, first, state: candidate ?? null } };
  }

  /** A divergence that is in the snapshot was told where it was found. */
  restore(snapshot: Plain): void {
    const { primary, shadow } = snapshot as unknown as ShadowSnapshot;
    this.primary.restore(primary);
    this.applied = shadow.applied;
    this.divergences = shadow.divergences;
    this.firstDivergence = shadow.first ?? undefined;
    this.isTold = shadow.first !== null;
    const { state } = shadow;
    if (state === null) this.candidate = undefined;
    else this.attempt(undefined, (candidate) => candidate.restore(deepFreeze(state)));
  }

  clone(): ShadowedService {
    const candidate = this.attempt(undefined, (shadow) => shadow.clone());
    const copy = new ShadowedService(this.primary.clone(), candidate);
    copy.divergences = this.divergences;
    copy.firstDivergence = this.firstDivergence;
    copy.applied = this.applied;
    copy.isTold = this.isTold;
    copy.readDivergence = this.readDivergence;
    copy.isReadTold = this.isReadTold;
    return copy;
  }

  private compare(command: Command, result: Result, ask: (candidate: StateMachine) => Result): void {
    const expected = canonical(result);
    const answer = this.attempt(command, (candidate) => canonical(ask(candidate)), expected);
    if (answer !== undefined && answer !== expected) this.diverged(command, expected, answer);
  }

  /** What the candidate makes of it; undefined when there is none any more. One that throws is done with. */
  private attempt<T>(
    command: Command | undefined,
    ask: (candidate: StateMachine) => T,
    expected = 'nothing',
  ): T | undefined {
    if (this.candidate === undefined) return undefined;
    try {
      return ask(this.candidate);
    } catch (error) {
      this.candidate = undefined;
      this.diverged(command, expected, threw(error));
      return undefined;
    }
  }

  private diverged(command: Command | undefined, primary: string, candidate: string): void {
    this.divergences++;
    this.firstDivergence ??= this.divergence(command, primary, candidate);
  }

  private divergence(command: Command | undefined, primary: string, candidate: string): ShadowDivergence {
    const { client = -1, sequence = 0, input = null } = command ?? {};
    return { command: this.applied, client, sequence, input, primary, candidate };
  }
}

function threw(error: unknown): string {
  return `threw ${String(error)}`;
}

interface ShadowSnapshot {
  readonly primary: Plain;
  readonly shadow: {
    readonly applied: number;
    readonly divergences: number;
    readonly first: ShadowDivergence | null;
    readonly state: Plain;
  };
}
