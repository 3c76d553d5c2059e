/**
 * Lies where proofs are MACs: authenticators that are good for some receivers only (Clement et al., NSDI 2009, §3, on
 * what clients can do with them), and what view changes say without having to prove it (TOCS 2002, §5).
 *
 * With signatures they are proofs that prove nothing.
 */

import { isStatement, type Liar, type Message, type ProcessId } from '../../../kernel/index.js';
import type { MacChoice, MacNewView, MacViewChange, Tuple, ViewChangeAck } from '../macs/messages.js';
import { ACK_WORDS } from '../macs/messages.js';
import { NULL_DIGEST, StatementType, type PbftMessage } from '../messages.js';
import { configurationNow, proofOf, resign, statementOf } from './proofs.js';

/** A digest that nobody has proposed. */
const INVENTED = 0x0bad_cafe;

/** What the message says, with a MAC for each of these and for nobody else. */
function goodFor(receivers: readonly ProcessId[], message: Message, liar: Liar): Message {
  const pbft = message as PbftMessage;
  const said = statementOf(pbft, liar.to, configurationNow(liar));
  if (!isStatement(said)) return message;
  const proved: PbftMessage = { ...pbft, proof: liar.keys.authenticate(said, receivers) };
  return proved;
}

/** Good for everybody but the receiver, who cannot tell whether others could check it. */
export function badMac(message: Message, liar: Liar): Message {
  return goodFor(
    liar.members.filter((member) => member !== liar.to),
    message,
    liar,
  );
}

/** Good for the receiver alone: whomever it is passed on to can do nothing with it. */
export function loneMac(message: Message, liar: Liar): Message {
  return goodFor([liar.to], message, liar);
}

// ---- view changes ----

/** P and Q are empty. */
export function omittedTuples(message: Message, liar: Liar): Message {
  return resign({ ...(message as MacViewChange), prepared: [], prePrepared: [] }, liar);
}

/** At the first open place something invented was prepared and pre-prepared, in the latest view there was. */
export function inventedTuple(message: Message, liar: Liar): Message {
  const viewChange = message as MacViewChange;
  const sequence = viewChange.stable + 1;
  const tuple: Tuple = { view: viewChange.view - 1, sequence, digest: INVENTED };
  const isElsewhere = (other: Tuple): boolean => other.sequence !== sequence;
  const prepared = [tuple, ...viewChange.prepared.filter(isElsewhere)];
  const prePrepared = [tuple, ...viewChange.prePrepared.filter(isElsewhere)];
  return resign({ ...viewChange, prepared, prePrepared }, liar);
}

/** Everything was prepared in the latest view, or was another batch. */
export function alteredTuples(message: Message, liar: Liar): Message {
  const viewChange = message as MacViewChange;
  const isView = liar.draw('view', 0, 1) === 1;
  const prepared = viewChange.prepared.map((tuple) =>
    isView ? { ...tuple, view: viewChange.view - 1 } : { ...tuple, digest: tuple.digest ^ 1 },
  );
  return resign({ ...viewChange, prepared }, liar);
}

/** Acknowledges what nobody has sent. */
export function wrongAcknowledgements(message: Message, liar: Liar): Message {
  const ack = message as ViewChangeAck;
  const acks = ack.acks.map((word, i) => (i % ACK_WORDS === 0 ? word : word ^ 1));
  return resign({ ...ack, acks }, liar);
}

// ---- new views ----

/** One view change more than is acknowledged, or another content of one: it says what its sender never said. */
export function forgedTestimony(message: Message, liar: Liar): Message {
  const newView = message as MacNewView;
  const viewChanges = newView.viewChanges.map((viewChange, i) =>
    i === 0 ? { ...viewChange, prepared: [], prePrepared: [] } : viewChange,
  );
  return resign({ ...newView, viewChanges }, liar);
}

/** The null request at every place, whatever was prepared there. */
export function macNullForPrepared(message: Message, liar: Liar): Message {
  const newView = message as MacNewView;
  const choices = newView.choices.map(({ sequence }): MacChoice => {
    const proof = proofOf(liar, StatementType.prePrepare, newView.view, sequence, NULL_DIGEST);
    return { sequence, digest: NULL_DIGEST, proof };
  });
  return resign({ ...newView, choices }, liar);
}
