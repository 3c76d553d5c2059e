/** Lies in view changes: about what was prepared, what is stable, and what follows for a new view. */

import type { Liar, Message, ProcessId } from '../../../kernel/index.js';
import type { MacViewChange } from '../macs/messages.js';
import {
  NULL_DIGEST,
  StatementType,
  type Choice,
  type NewView,
  type PreparedCertificate,
  type StableCertificate,
  type Status,
  type ViewChange,
} from '../messages.js';
import { obligationsOf } from '../new-view.js';
import type { PbftSettings } from '../settings.js';
import { viewChangeDigest } from '../wire.js';
import { forgedQuorum, inTheNameOf, primaryOf, proofOf, resign, strongQuorum } from './proofs.js';

/** A digest that nobody has proposed. */
const INVENTED = 0x0bad_cafe;

// ---- VIEW-CHANGE ----

/** A certificate for an invented batch, as of the latest view, with the proofs that the corrupted can make. */
function invented(view: number, sequence: number, liar: Liar): PreparedCertificate {
  const digest = INVENTED;
  const primary = primaryOf(view, liar.members);
  return {
    view,
    sequence,
    digest,
    prePrepare: inTheNameOf(primary, proofOf(liar, StatementType.prePrepare, view, sequence, digest)),
    prepares: forgedQuorum(liar, { size: strongQuorum(liar) - 1, without: primary }, [
      StatementType.prepare,
      view,
      sequence,
      digest,
    ]),
  };
}

/** Claims that something invented was prepared in the highest view there is, at the first open place. */
export function inventedCertificate(message: Message, liar: Liar): Message {
  const viewChange = message as ViewChange;
  const sequence = viewChange.stable.sequence + 1;
  const rest = viewChange.prepared.filter((certificate) => certificate.sequence !== sequence);
  return resign({ ...viewChange, prepared: [invented(viewChange.view - 1, sequence, liar), ...rest] }, liar);
}

/** The real certificates, said to be of another digest, or of a higher view. */
export function alteredCertificate(message: Message, liar: Liar): Message {
  const viewChange = message as ViewChange;
  const isView = liar.draw('view', 0, 1) === 1;
  const prepared = viewChange.prepared.map((certificate) =>
    isView
      ? { ...certificate, view: viewChange.view - 1 }
      : { ...certificate, digest: certificate.digest ^ 1 },
  );
  return resign({ ...viewChange, prepared }, liar);
}

export function omittedCertificates(message: Message, liar: Liar): Message {
  return resign({ ...(message as ViewChange), prepared: [] }, liar);
}

/** One certificate with fewer proofs than a quorum's. */
export function fewPrepares(message: Message, liar: Liar): Message {
  const viewChange = message as ViewChange;
  const prepared = viewChange.prepared.map((certificate) => ({
    ...certificate,
    prepares: certificate.prepares.slice(0, 1),
  }));
  return resign({ ...viewChange, prepared }, liar);
}

/** A stable checkpoint far ahead that only the corrupted have signed. */
export function inventedCheckpoint(message: Message, liar: Liar): Message {
  const viewChange = message as ViewChange;
  const { checkpointInterval } = liar.settings as PbftSettings;
  const sequence = viewChange.stable.sequence + 4 * checkpointInterval;
  const stable: StableCertificate = {
    sequence,
    digest: INVENTED,
    proofs: forgedQuorum(liar, { size: strongQuorum(liar) }, [
      StatementType.checkpoint,
      0,
      sequence,
      INVENTED,
    ]),
  };
  return resign({ ...viewChange, stable, prepared: [] }, liar);
}

/** The beginning of everything as the last stable checkpoint. */
export function staleCheckpoint(message: Message, liar: Liar): Message {
  const viewChange = message as ViewChange;
  return resign({ ...viewChange, stable: { sequence: 0, digest: 0, proofs: [] }, prepared: [] }, liar);
}

/** In place of a status: leaves for the next view, or for one far ahead, though nothing is wrong. */
export function needlessViewChange(message: Message, liar: Liar): Message {
  const status = message as Status;
  const view = status.view + (liar.draw('far', 0, 3) === 3 ? 1_000_000 : liar.draw('ahead', 1, 3));
  if ((liar.settings as PbftSettings).proofs === 'macs') return needlessMacViewChange(view, status, liar);
  const known = liar.seen('ViewChange').findLast(({ kind }) => kind === 'ViewChange') as
    ViewChange | undefined;
  const stable = known?.stable ?? { sequence: 0, digest: 0, proofs: [] };
  const body = { kind: 'ViewChange', view, stable, prepared: [] } as const;
  const proof = proofOf(liar, StatementType.viewChange, view, stable.sequence, viewChangeDigest(body));
  const viewChange: ViewChange = { ...body, proof };
  return viewChange;
}

function needlessMacViewChange(view: number, { proof }: Status, liar: Liar): MacViewChange {
  const known = liar.seen('MacViewChange').findLast((other) => isBy(other, liar.self)) as
    MacViewChange | undefined;
  const begun = { stable: 0, checkpoints: [{ sequence: 0, digest: 0 }], ...recoveryOf(liar) };
  const body = {
    kind: 'MacViewChange',
    ...begun,
    ...known,
    view,
    prepared: [],
    prePrepared: [],
    proof,
  } as const;
  return resign(body, liar);
}

/** Where replicas recover, the number of the latest recovery is a part of it. */
function recoveryOf(liar: Liar): Pick<MacViewChange, 'recovery'> {
  return (liar.settings as PbftSettings).recoveryMicros > 0 ? { recovery: 0 } : {};
}

function isBy(message: Message, signer: ProcessId): boolean {
  return (message as MacViewChange).proof.signer === signer;
}

// ---- NEW-VIEW ----

/** The new view with these choices, each proved. */
function withChoices(
  message: NewView,
  liar: Liar,
  change: (
    choice: Choice,
    place: number,
  ) => readonly { readonly sequence: number; readonly digest: number }[],
): NewView {
  const choices = message.choices.flatMap(change).map(({ sequence, digest }) => ({
    sequence,
    digest,
    proof: proofOf(liar, StatementType.prePrepare, message.view, sequence, digest),
  }));
  return resign({ ...message, choices }, liar);
}

export function wrongChoice(message: Message, liar: Liar): Message {
  return withChoices(message as NewView, liar, ({ sequence, digest }) => [{ sequence, digest: digest ^ 1 }]);
}

export function nullForPrepared(message: Message, liar: Liar): Message {
  return withChoices(message as NewView, liar, ({ sequence }) => [{ sequence, digest: NULL_DIGEST }]);
}

export function droppedChoice(message: Message, liar: Liar): Message {
  return withChoices(message as NewView, liar, (choice, place) => (place === 0 ? [] : [choice]));
}

/** An invented batch beyond what the view changes ask for. */
export function addedChoice(message: Message, liar: Liar): Message {
  const newView = message as NewView;
  const last = newView.choices.at(-1)?.sequence ?? obligationsOf(newView.viewChanges).stable.sequence;
  const sequence = last + 1;
  const proof = proofOf(liar, StatementType.prePrepare, newView.view, sequence, INVENTED);
  return resign({ ...newView, choices: [...newView.choices, { sequence, digest: INVENTED, proof }] }, liar);
}

/** One view change less than a quorum. */
export function fewViewChanges(message: Message, liar: Liar): Message {
  const newView = message as NewView;
  return onViewChanges(newView, newView.viewChanges.slice(1), liar);
}

/** As many as a quorum, but one of them twice. */
export function repeatedViewChange(message: Message, liar: Liar): Message {
  const newView = message as NewView;
  const [, ...rest] = newView.viewChanges;
  const [again] = rest;
  return again === undefined ? message : onViewChanges(newView, [again, ...rest], liar);
}

/** One of the view changes is for another view, from long ago. */
export function staleViewChange(message: Message, liar: Liar): Message {
  const newView = message as NewView;
  const seen = liar.seen('ViewChange') as readonly ViewChange[];
  const oldOf = ({ proof }: ViewChange): ViewChange | undefined =>
    seen.find(({ view, proof: other }) => view !== newView.view && other.signer === proof.signer);
  const place = newView.viewChanges.findIndex((viewChange) => oldOf(viewChange) !== undefined);
  const old = newView.viewChanges[place] && oldOf(newView.viewChanges[place]);
  return old === undefined ? message : onViewChanges(newView, newView.viewChanges.with(place, old), liar);
}

/** Rests on view changes of another quorum, with what follows from those: as valid as the first. */
export function otherQuorum(message: NewView, liar: Liar): NewView {
  const known = (liar.seen('ViewChange') as readonly ViewChange[]).filter(
    ({ view }) => view === message.view,
  );
  const strong = strongQuorum(liar);
  const bySender = new Map<number, ViewChange>();
  for (const viewChange of [...message.viewChanges, ...known])
    bySender.set(viewChange.proof.signer, viewChange);
  const senders = [...bySender.keys()].sort((a, b) => b - a);
  return onViewChanges(
    message,
    senders.slice(0, strong).map((sender) => bySender.get(sender) as ViewChange),
    liar,
  );
}

/** The corrupted who take part say in their own view changes that they had prepared nothing. */
export function hiddenCertificates(message: Message, liar: Liar): Message {
  const newView = message as NewView;
  const viewChanges = newView.viewChanges.map((viewChange) => {
    const keys = liar.keysOf(viewChange.proof.signer);
    if (keys === undefined) return viewChange;
    return resign({ ...viewChange, prepared: [] }, liar, keys);
  });
  return onViewChanges(newView, viewChanges, liar);
}

/** A new view with what follows from these view changes. */
function onViewChanges(message: NewView, viewChanges: readonly ViewChange[], liar: Liar): NewView {
  const choices = obligationsOf(viewChanges).places.map(({ sequence, digest }) => ({
    sequence,
    digest,
    proof: proofOf(liar, StatementType.prePrepare, message.view, sequence, digest),
  }));
  return resign({ ...message, viewChanges, choices }, liar);
}
