/** The catalogue of PBFT's properties, in the order in which they are listed for people. */

import type { InvariantInfo } from '../checker.js';
import { AGREEMENT } from './agreement.js';
import { CERTIFICATES } from './certificates.js';
import { CHECKPOINT_AGREEMENT } from './checkpoint-agreement.js';
import { COMMITTED_PREPARED } from './committed-prepared.js';
import { CONFIGURATION_IN_FORCE, MEMBERS_SPEAK } from './configuration-rules.js';
import { GARBAGE_COLLECTION } from './garbage-collection.js';
import { LOG_BOUND } from './log-bound.js';
import { NULL_REQUEST } from './null-request.js';
import { RECEIVED_STATE } from './received-state.js';
import { LEFT_VIEWS } from './left-views.js';
import { NO_EQUIVOCATION } from './no-equivocation.js';
import { PATIENCE } from './patience.js';
import { PREPARED_UNIQUE } from './prepared-unique.js';
import { PROMISE_DURABLE } from './promise-durable.js';
import { NEW_KEYS, RECOVERY_ENDS, RECOVERY_IN_TURN } from './recoveries.js';
import { REQUEST_ISSUED } from './request-issued.js';
import { EXECUTED_MONOTONIC, STABLE_MONOTONIC } from './stable-monotonic.js';
import { VIEW_CHANGE_COMPLETE } from './view-change-complete.js';
import { VIEW_CHANGE_PRESERVATION } from './view-change-preservation.js';
import { TENTATIVE_EXECUTION } from './tentative-execution.js';
import { DISTRUST_HAS_CAUSE, FORGETFUL_SILENT } from './trust.js';
import { CALM_VIEWS, VIEW_SYNCHRONISATION } from './view-liveness.js';
import { VIEW_MONOTONIC } from './view-monotonic.js';
import { WATERMARKS } from './watermarks.js';

export const PBFT_INVARIANTS: readonly InvariantInfo[] = [
  AGREEMENT,
  PREPARED_UNIQUE,
  CERTIFICATES,
  NO_EQUIVOCATION,
  LEFT_VIEWS,
  FORGETFUL_SILENT,
  DISTRUST_HAS_CAUSE,
  PATIENCE,
  VIEW_CHANGE_PRESERVATION,
  VIEW_CHANGE_COMPLETE,
  COMMITTED_PREPARED,
  WATERMARKS,
  LOG_BOUND,
  STABLE_MONOTONIC,
  VIEW_MONOTONIC,
  EXECUTED_MONOTONIC,
  TENTATIVE_EXECUTION,
  CHECKPOINT_AGREEMENT,
  RECEIVED_STATE,
  GARBAGE_COLLECTION,
  PROMISE_DURABLE,
  REQUEST_ISSUED,
  NULL_REQUEST,
  CONFIGURATION_IN_FORCE,
  MEMBERS_SPEAK,
  NEW_KEYS,
  VIEW_SYNCHRONISATION,
  CALM_VIEWS,
  RECOVERY_IN_TURN,
  RECOVERY_ENDS,
];
