/**
 * Content hashes and sizes of PBFT's messages: what proofs are of, and what keys, traces and the network go by.
 * A message's own proof is in none of its hashes; of the proofs inside it, their signers are.
 */

import {
  finish32,
  hashPlain,
  mix32,
  mixInteger,
  plainBytes,
  type Message,
  type Proof,
} from '../../kernel/index.js';
import { macMessageBytes, macMessageDigest } from './macs/wire.js';
import type {
  BatchData,
  Choice,
  Decision,
  FetchState,
  NewView,
  PbftMessage,
  PreparedCertificate,
  Reply,
  Request,
  StableCertificate,
  StateData,
  StatePart,
  Status,
  ViewChange,
} from './messages.js';

/** Size of a proof, of a message without its parts, of a certificate without its proofs. */
const PROOF_BYTES = 64;
const MESSAGE_BYTES = 48 + PROOF_BYTES;
const CERTIFICATE_BYTES = 24;

/** A message before it is proved. */
export type Unproved<M> = Omit<M, 'proof'>;

/** Digest of a batch: never that of the null request. */
export function batchDigest(requests: readonly Request[]): number {
  let hash = mix32(0x2c1b3c6d, requests.length);
  for (let i = 0; i < requests.length; i++) hash = mix32(hash, (requests[i] as Request).command.hash);
  hash = finish32(hash);
  return hash === 0 ? 1 : hash;
}

/** What a reply proves besides view and sequence: for whom, what, and where in the order. */
export function replyDigest(client: number, resultDigest: number, index: number): number {
  return mixInteger(mix32(mix32(0x297a2d39, client), resultDigest), index);
}

export function viewChangeDigest(message: Unproved<ViewChange>): number {
  let hash = mixStable(mixInteger(0x68bc21eb, message.view), message.stable);
  for (let i = 0; i < message.prepared.length; i++) {
    hash = mixPrepared(hash, message.prepared[i] as PreparedCertificate);
  }
  return mix32(hash, message.prepared.length);
}

export function newViewDigest(message: Unproved<NewView>): number {
  let hash = mixInteger(0x02e5be93, message.view);
  for (const viewChange of message.viewChanges) {
    hash = mix32(mix32(hash, viewChange.proof.signer), viewChangeDigest(viewChange));
  }
  for (const choice of message.choices) hash = mixChoice(hash, choice);
  return mix32(mix32(hash, message.viewChanges.length), message.choices.length);
}

export function statusDigest(message: Unproved<Status>): number {
  const { view, isActive, stable, executed, viewChanges, helper, slots } = message;
  let hash = mixInteger(mixInteger(mixInteger(0x967a889b, view), stable), executed);
  hash = mix32(mix32(mix32(hash, isActive ? 1 : 0), viewChanges), helper);
  for (let i = 0; i < slots.length; i++) hash = mixInteger(hash, slots[i] as number);
  return mix32(hash, slots.length);
}

export function decisionDigest(message: Unproved<Decision>): number {
  return mixProofs(place(0x368cc8b7, message.view, message.sequence, message.digest), message.commits);
}

export function batchDataDigest({ sequence, digest }: Unproved<BatchData>): number {
  return place(0x165667b1, 0, sequence, digest);
}

export function fetchStateDigest({ sequence, paths, isUnproved }: Unproved<FetchState>): number {
  return place(isUnproved ? 0x1d8e4e27 : 0x7feb352d, 0, sequence, hashPlain(paths));
}

export function stateDataDigest({ certificate, path, part }: Unproved<StateData>): number {
  return mix32(mix32(mixStable(0x4cf5ad43, certificate), hashPlain(path)), hashPlain(part ?? null));
}

function statePartBytes(part: StatePart | undefined): number {
  if (part === undefined) return 0;
  return part.shape === 'whole' ? part.text.length : plainBytes(part);
}

/** Content hash of any of PBFT's messages; a structural one of what is none. */
export function hashPbftMessage(message: Message): number {
  const pbft = message as PbftMessage;
  switch (pbft.kind) {
    case 'Request':
      return mix32(0x51ed270b, pbft.command.hash);
    case 'PrePrepare':
      return place(0x1b873593, pbft.view, pbft.sequence, pbft.digest);
    case 'Prepare':
      return place(0x9e3779b1, pbft.view, pbft.sequence, pbft.digest);
    case 'Commit':
      return place(0x2545f491, pbft.view, pbft.sequence, pbft.digest);
    case 'Checkpoint':
      return place(0x61c88647, pbft.handover ?? 0, pbft.sequence, pbft.digest);
    case 'ViewChange':
      return viewChangeDigest(pbft);
    case 'NewView':
      return newViewDigest(pbft);
    case 'Reply':
      return hashReply(pbft);
    case 'ReadRequest':
      return mix32(0x1b56c4e9, pbft.command.hash);
    case 'ReadReply':
      return mixInteger(place(0x7f4a7c15, 0, pbft.sequence, pbft.digest), pbft.index);
    case 'Status':
      return statusDigest(pbft);
    case 'Decision':
      return decisionDigest(pbft);
    case 'FetchBatch':
      return place(0x3d4d51cb, 0, pbft.sequence, pbft.digest);
    case 'BatchData':
      return batchDataDigest(pbft);
    case 'FetchState':
      return fetchStateDigest(pbft);
    case 'StateData':
      return stateDataDigest(pbft);
    case 'MacViewChange':
    case 'ViewChangeAck':
    case 'MacNewView':
      return macMessageDigest(pbft);
    default:
      return hashPlain(message);
  }
}

function hashReply({ view, sequence, digest, index, isTentative }: Reply): number {
  return mixInteger(place(isTentative ? 0x6c8e9cf5 : 0x2f0b4c47, view, sequence, digest), index);
}

function place(seed: number, view: number, sequence: number, digest: number): number {
  return mix32(mixInteger(mixInteger(seed, view), sequence), digest);
}

function mixStable(hash: number, { sequence, digest, handover, proofs }: StableCertificate): number {
  const mixed = mix32(mixInteger(hash, sequence), digest);
  return mixProofs(handover === undefined ? mixed : mixInteger(mixed, handover), proofs);
}

function mixPrepared(hash: number, certificate: PreparedCertificate): number {
  const { view, sequence, digest, prePrepare, prepares } = certificate;
  const mixed = mix32(mixInteger(mixInteger(hash, view), sequence), digest);
  return mixProofs(mix32(mixed, prePrepare.signer), prepares);
}

function mixChoice(hash: number, { sequence, digest, proof }: Choice): number {
  return mix32(mix32(mixInteger(hash, sequence), digest), proof.signer);
}

function mixProofs(hash: number, proofs: readonly Proof[]): number {
  let mixed = hash;
  for (let i = 0; i < proofs.length; i++) mixed = mix32(mixed, (proofs[i] as Proof).signer);
  return mix32(mixed, proofs.length);
}

// ---- sizes ----

export function requestsBytes(requests: readonly Request[]): number {
  let bytes = 0;
  for (let i = 0; i < requests.length; i++) bytes += (requests[i] as Request).command.bytes + PROOF_BYTES;
  return bytes;
}

export function preparedBytes({ prepares }: PreparedCertificate): number {
  return CERTIFICATE_BYTES + PROOF_BYTES * (1 + prepares.length);
}

export function stableBytes({ proofs }: StableCertificate): number {
  return CERTIFICATE_BYTES + PROOF_BYTES * proofs.length;
}

export function viewChangeBytes({ stable, prepared }: ViewChange): number {
  let bytes = MESSAGE_BYTES + stableBytes(stable);
  for (const certificate of prepared) bytes += preparedBytes(certificate);
  return bytes;
}

export function newViewBytes({ viewChanges, choices }: NewView): number {
  let bytes = MESSAGE_BYTES + choices.length * (CERTIFICATE_BYTES + PROOF_BYTES);
  for (const viewChange of viewChanges) bytes += viewChangeBytes(viewChange);
  return bytes;
}

export function pbftMessageBytes(message: Message): number {
  const pbft = message as PbftMessage;
  switch (pbft.kind) {
    case 'Request':
    case 'ReadRequest':
      return MESSAGE_BYTES + pbft.command.bytes;
    case 'PrePrepare':
    case 'BatchData':
      return MESSAGE_BYTES + requestsBytes(pbft.requests);
    case 'Decision':
      return MESSAGE_BYTES + requestsBytes(pbft.requests) + PROOF_BYTES * pbft.commits.length;
    case 'ViewChange':
      return viewChangeBytes(pbft);
    case 'NewView':
      return newViewBytes(pbft);
    case 'Status':
      return MESSAGE_BYTES + 4 * pbft.slots.length;
    case 'StateData':
      return MESSAGE_BYTES + stableBytes(pbft.certificate) + statePartBytes(pbft.part);
    case 'FetchState':
      return MESSAGE_BYTES + pbft.paths.reduce((sum, path) => sum + path.length, 0);
    case 'MacViewChange':
    case 'ViewChangeAck':
    case 'MacNewView':
      return macMessageBytes(pbft);
    default:
      return MESSAGE_BYTES;
  }
}
