/** Bugs in exactly-once: which commands are taken for repetitions, and what those are answered. */

import type { Result, StateMachine } from '../../kernel/index.js';
import {
  SessionedService,
  findService,
  type ServiceConfig,
  type Session,
  type SessionLimits,
} from '../../services/index.js';

import type { Bug } from '../bug.js';
import { serviceBug } from './service-bug.js';

type SessionsClass = new (inner: StateMachine, limits: SessionLimits) => SessionedService;

/** The scenario's service behind wrong sessions. */
export function behind(Class: SessionsClass): (service: ServiceConfig) => StateMachine {
  return ({ name, settings, sessions }) => new Class(findService(name).create(settings ?? {}), sessions);
}

/** Whatever comes is executed, however often it came before. */
export class NothingIsARepetition extends SessionedService {
  protected override isDuplicate(): boolean {
    return false;
  }
}

/** A repetition is recognised, but what it was answered the first time is not kept. */
class AnswersNotKept extends SessionedService {
  protected override firstResult(): Result {
    return null;
  }
}

/** Only the highest number of a client is remembered: what was sent before it and comes after it counts as done. */
class HighestNumberOnly extends SessionedService {
  protected override isDuplicate(session: Session, sequence: number): boolean {
    return sequence <= session.highest;
  }

  protected override firstResult(session: Session, sequence: number): Result {
    return super.firstResult(session, sequence) ?? null;
  }
}

/** A client whose session was forgotten gets a new one, as if it had never been there. */
class ForgottenClientsStartAnew extends SessionedService {
  protected override forgetOldest(): void {
    super.forgetOldest();
    this.forgottenFloor = 0;
  }
}

export const SESSION_BUGS: readonly Bug[] = [
  serviceBug({
    id: 'K01-nothing-is-a-repetition',
    title: 'Nobody remembers which commands were executed, and a retry is executed a second time.',
    source: 'sofa-jraft issue 1053; akka-raft issue 64; curvine issue 676',
    invariants: ['any/duplicate-effect', 'any/exactly-once'],
    scenario: 'overload/retry-storm-recovery',
    createService: behind(NothingIsARepetition),
  }),
  serviceBug({
    id: 'K02-answers-not-kept',
    title: 'A retry of what was executed is recognised, but its first answer is gone.',
    source: 'akka-raft issue 64; the rule is in Ongaro and Ousterhout, extended version (2014), §8',
    invariants: ['any/service-answers'],
    scenario: 'kv/bank-under-partitions',
    createService: behind(AnswersNotKept),
  }),
  serviceBug({
    id: 'K03-highest-number-only',
    title:
      'Of a client with several operations at a time, what is overtaken by a later one is never executed.',
    source:
      "the rule is in Ongaro's dissertation §6.3: clients with concurrent requests need a set of numbers",
    invariants: ['any/service-answers'],
    scenario: 'kv/bank-under-partitions',
    createService: behind(HighestNumberOnly),
  }),
  serviceBug({
    id: 'K04-forgotten-clients-start-anew',
    title:
      'A client whose session has expired is taken for a new one, and its late retries are executed again.',
    source:
      "the rule is in Ongaro's dissertation §6.3; atomix pull request 472 assumes that expiry ends retries",
    invariants: ['any/duplicate-effect', 'any/exactly-once'],
    scenario: 'raft/session-expiry',
    createService: behind(ForgottenClientsStartAnew),
  }),
];
