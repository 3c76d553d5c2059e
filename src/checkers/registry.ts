/** Every invariant there is, and the checkers of a run. */

import { RUN_INVARIANTS, RunCheckers, RunGhost, type LivenessTerms } from './any/index.js';
import {
  DEFAULT_SESSION_LIMITS,
  knownService,
  type Capability,
  type OperationMix,
  type RawServiceSettings,
} from '../services/index.js';
import type { CheckerContext, CheckerFactory, InvariantInfo, ViolationSink } from './checker.js';
import { OBJECTIVES } from './objectives.js';
import { CheckerSet, type ProtocolCheckers } from './checker-set.js';
import { parsePbftSettings, type PbftSettings } from '../protocols/pbft/index.js';
import { PBFT_INVARIANTS, PbftCheckers, PbftGhost, quorumSizes } from './pbft/index.js';
import {
  AUTHORITY,
  AuthorityJudge,
  SERVICE_INVARIANTS,
  judgesOf,
  type ServiceJudges,
} from './services/index.js';
import { RAFT_INVARIANTS, RaftCheckers, RaftGhost, messageLimitsOf } from './raft/index.js';

/** All invariants: first those of any protocol, then protocol by protocol. */
export const INVARIANTS: readonly InvariantInfo[] = [
  ...RUN_INVARIANTS,
  ...SERVICE_INVARIANTS,
  AUTHORITY,
  OBJECTIVES,
  ...RAFT_INVARIANTS,
  ...PBFT_INVARIANTS,
];

/** The invariant of this id. */
export function findInvariant(id: string): InvariantInfo | undefined {
  return INVARIANTS.find((info) => info.id === id);
}

/** In place of a protocol's name: a run without checkers. */
export const NO_CHECKERS = 'none';

/** What a run promises; what is left out has the default. */
export interface CheckerOptions {
  /** When progress is due; default: never. */
  readonly liveness?: LivenessTerms | undefined;
  /** Name of the replicated service, by default `kv`: it says how histories are judged; of one unknown here they are not. */
  readonly service?: string | undefined;
  /** The service's own, as a scenario writes them; default: none. */
  readonly serviceSettings?: RawServiceSettings | undefined;
  /** Who may ask for what; default: everybody for anything. */
  readonly authority?: readonly Capability[] | undefined;
  /** What clients ask for; default: all that the service has. */
  readonly mix?: OperationMix | undefined;
  /** As the protocol itself reads them; what is not there bounds nothing. */
  readonly settings?: unknown;
  /** Whether the service sits behind client sessions; default true. */
  readonly hasSessions?: boolean | undefined;
  /** Sequence numbers that a client's session tells apart; default: that of {@link DEFAULT_SESSION_LIMITS}. */
  readonly sessionWindow?: number | undefined;
  /** Bound on the work of the linearizability check at the end. */
  readonly linearizabilitySteps?: number | undefined;
  /** How many of the servers, the first ones, take part from the beginning; default: all. */
  readonly members?: number | undefined;
  /** Checkers of the user's own. */
  readonly extra?: readonly CheckerFactory[] | undefined;
}

/**
 * The checkers of one run: the protocol-independent ones, those of the protocol where it is a built-in one,
 * and the user's own.
 */
export function createCheckers(
  protocol: string,
  context: CheckerContext,
  sink: ViolationSink,
  options: CheckerOptions = {},
): CheckerSet {
  if (protocol === NO_CHECKERS) return new CheckerSet(context, undefined, undefined, [], []);
  const { hasSessions = true, sessionWindow = DEFAULT_SESSION_LIMITS.window } = options;
  const ghost = new RunGhost(context, hasSessions ? sessionWindow : Infinity);
  const service = knownService(options.service ?? 'kv');
  const { serviceSettings = {}, mix = service?.operations ?? {} } = options;
  const judges = service === undefined ? undefined : judgesOf(service.history);
  const serviceJudges = judges?.create(ghost, sink, { settings: serviceSettings, mix, hasSessions }) ?? [];
  const { authority } = options;
  const authorityJudges = authority === undefined ? [] : [new AuthorityJudge(ghost, sink, authority)];
  const run = new RunCheckers(ghost, sink, {
    isKeyValue: service?.history === 'kv',
    judges: [...serviceJudges, ...authorityJudges],
    hasSessions,
    answersTentatively:
      protocol === 'pbft' && (options.settings as PbftSettings | undefined)?.tentative === true,
    liveness: options.liveness,
    linearizabilitySteps: options.linearizabilitySteps,
  });
  const extra = options.extra ?? [];
  const others = extra.map((factory) => factory.create(context, sink));
  const invariants = INVARIANTS.filter((info) => info.protocol === 'any' || info.protocol === protocol);
  const infos = [
    ...invariants.filter((info) => isWatched(info, judges, authority !== undefined)),
    ...extra.map((factory) => factory.info),
  ];
  return new CheckerSet(context, run, createProtocolCheckers(protocol, ghost, sink, options), others, infos);
}

/** False for what other services promise, and for authority where nobody has any. */
function isWatched(info: InvariantInfo, judges: ServiceJudges | undefined, hasAuthority: boolean): boolean {
  if (info === AUTHORITY) return hasAuthority;
  return !SERVICE_INVARIANTS.includes(info) || judges?.invariants.includes(info) === true;
}

function createProtocolCheckers(
  protocol: string,
  run: RunGhost,
  sink: ViolationSink,
  options: CheckerOptions,
): ProtocolCheckers | undefined {
  switch (protocol) {
    case 'raft':
      return new RaftCheckers(new RaftGhost(run, messageLimitsOf(options.settings)), sink);
    case 'pbft':
      return createPbftCheckers(run, sink, options);
    default:
      return undefined;
  }
}

function createPbftCheckers(
  run: RunGhost,
  sink: ViolationSink,
  { settings = parsePbftSettings({}), members = run.servers, liveness }: CheckerOptions,
): PbftCheckers {
  const { faulty, window, viewChangeMicros, viewChangeMicrosMax, proofs } = settings as PbftSettings;
  let doublings = 0;
  for (let micros = viewChangeMicros; micros < viewChangeMicrosMax; micros *= 2) doublings++;
  const ghost = new PbftGhost(run, quorumSizes(members, faulty), window, doublings, proofs);
  return new PbftCheckers(ghost, sink, liveness);
}
