/** Lies about who takes part: where a configuration ends, what follows it, and votes of those who are no members. */

import { makeCommand, type Liar, type Message } from '../../../kernel/index.js';
import { configurationOf } from '../configuration.js';
import type { Handover, Link } from '../handover.js';
import { StatementType, type Checkpoint, type Commit, type PrePrepare, type Prepare } from '../messages.js';
import {
  configurationNow,
  forgedQuorum,
  inTheNameOf,
  proofOf,
  provable,
  resign,
  strongQuorum,
} from './proofs.js';

/** Says that the next configuration takes over here; where it does, that it does not. */
export function falseHandover(message: Message, liar: Liar): Message {
  const { handover, ...checkpoint } = message as Checkpoint;
  const said = handover === undefined ? { handover: configurationNow(liar) + 1 } : {};
  return resign({ ...checkpoint, ...said }, liar);
}

/** The vote, signed as one of the configuration before. */
export function ofTheOneBefore(message: Message, liar: Liar): Message {
  const vote = message as Prepare | Commit;
  const { kind, view, sequence, digest } = vote;
  const type = kind === 'Prepare' ? StatementType.prepare : StatementType.commit;
  const configuration = Math.max(0, configurationOf(view) - 1);
  const proof = liar.keys.sign(provable({ type, configuration, view, sequence, digest }));
  return { kind, view, sequence, digest, proof } as Prepare | Commit;
}

/** A vote for the latest proposal that the corrupted have seen: the sender may have been removed, or not have joined. */
export function phantomVote(message: Message, liar: Liar): Message {
  const proposal = liar.seen('PrePrepare').at(-1) as PrePrepare | undefined;
  if (proposal === undefined) return message;
  const { view, sequence, digest } = proposal;
  const isCommit = liar.draw('phase', 0, 1) === 1;
  const type = isCommit ? StatementType.commit : StatementType.prepare;
  const proof = proofOf(liar, type, view, sequence, digest);
  return { kind: isCommit ? 'Commit' : 'Prepare', view, sequence, digest, proof } as Prepare | Commit;
}

/** One link more: to a configuration of the corrupted, which neither operator nor quorum has signed. */
export function inventedLink(message: Message, liar: Liar): Message {
  const handover = message as Handover;
  const last = handover.links.at(-1);
  if (last === undefined) return message;
  const { command, proof } = last.request;
  const sequence = command.sequence + 1;
  const input = { do: 'configuration', members: [liar.self], faulty: 0 };
  const invented = makeCommand(command.client, sequence, input, command.read);
  const asked = { type: StatementType.request, configuration: 0, view: 0, sequence, digest: invented.hash };
  const { digest } = last.boundary;
  const end = last.boundary.sequence;
  const forged: Link = {
    request: {
      kind: 'Request',
      command: invented,
      proof: inTheNameOf(proof.signer, liar.keys.sign(asked)),
    },
    boundary: {
      sequence: end,
      digest,
      handover: sequence,
      proofs: forgedQuorum(liar, { size: strongQuorum(liar) }, [
        StatementType.checkpoint,
        sequence,
        end,
        digest,
      ]),
    },
  };
  return { ...handover, links: [...handover.links, forged] } as Handover;
}
