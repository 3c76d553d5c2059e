/**
 * Who broke agreement in a recorded run: its transcripts, handed to the auditor of its protocol.
 */

import { audit, chainOf, quorumSizes, type AuditReport } from '../checkers/index.js';
import { UsageError, type ProcessId } from '../kernel/index.js';
import { Configuration, Validator, type PbftSettings } from '../protocols/pbft/index.js';
import { clusterShape } from './cluster-shape.js';
import type { Implementation } from './implementation.js';
import type { Beat } from './step-through.js';
import type { Trace } from './trace.js';
import { transcriptsOf } from './transcripts.js';

export interface AuditedTrace {
  readonly report: AuditReport;
  /** Servers that the run made liars: what the auditor cannot know, to be compared with what it says. */
  readonly faulty: readonly ProcessId[];
}

/**
 * Replays the trace and audits it. `from`: whose transcripts the auditor is handed; default: those of all servers
 * that the run did not make liars. Throws UsageError for a run that cannot be audited.
 */
export function auditTrace(
  trace: Trace,
  implementation: Implementation,
  from?: readonly ProcessId[],
  beat?: Beat,
): AuditedTrace {
  const { scenario } = trace.header;
  const { protocol } = implementation;
  if (protocol.name !== 'pbft') {
    throw new UsageError(
      'not-auditable',
      `expected a trace of pbft, whose messages are signed, got one of ${protocol.name}`,
    );
  }
  const { members, nodes } = scenario.cluster;
  const settings = protocol.settings(scenario.protocol.settings, clusterShape(scenario)) as PbftSettings;
  const { messages, thirdParty, faulty } = transcriptsOf(trace, implementation, beat);
  const replicas = from ?? messages.map((_, server) => server).filter((server) => !faulty.includes(server));
  const transcripts = replicas.map((replica) => ({ replica, messages: messages[replica] ?? [] }));
  const notary = { validator: new Validator(nodes, settings), authenticator: thirdParty };
  const first = new Configuration(
    0,
    Array.from({ length: members }, (_, server) => server),
    settings.faulty,
  );
  const heard = transcripts.flatMap((transcript) => [...transcript.messages]);
  const later = chainOf(heard, first, settings.operator, thirdParty);
  const terms = { quorum: quorumSizes(members, settings.faulty), later, proofs: settings.proofs };
  return { report: audit(transcripts, terms, notary), faulty };
}
