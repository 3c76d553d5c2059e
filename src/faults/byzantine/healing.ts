/**
 * Replicas that recover after they were corrupted, or have lost what they promised (TOCS 2002, §4): from their start on
 * they do no wrong, but what they said before may still count with others. So each of them goes on counting among those that are borne, until it has completed its
 * recovery and all correct members have changed their keys for it. That is the end of the window of vulnerability.
 */

import type { ProcessId } from '../../kernel/index.js';

class Patient {
  /** Of its recovery; 0: it has not begun yet. */
  number = 0;
  isCompleted = false;
  /** Who has changed keys for this recovery. */
  readonly witnesses = new Set<ProcessId>();

  clone(): Patient {
    const copy = new Patient();
    copy.number = this.number;
    copy.isCompleted = this.isCompleted;
    for (const witness of this.witnesses) copy.witnesses.add(witness);
    return copy;
  }
}

export class Healing {
  private readonly patients = new Map<ProcessId, Patient>();

  has(server: ProcessId): boolean {
    return this.patients.has(server);
  }

  begin(server: ProcessId): void {
    this.patients.set(server, new Patient());
  }

  end(server: ProcessId): void {
    this.patients.delete(server);
  }

  /** It recovers, for the first time or anew. */
  begun(server: ProcessId, number: number): void {
    const patient = this.patients.get(server);
    if (patient === undefined) return;
    patient.number = number;
    patient.isCompleted = false;
    patient.witnesses.clear();
  }

  completed(server: ProcessId): void {
    const patient = this.patients.get(server);
    if (patient !== undefined && patient.number > 0) patient.isCompleted = true;
  }

  /** Another one has changed its keys for this recovery. */
  witnessed(server: ProcessId, witness: ProcessId, number: number): void {
    const patient = this.patients.get(server);
    if (patient !== undefined && number >= patient.number && patient.number > 0)
      patient.witnesses.add(witness);
  }

  /** Ends for those of whom all correct members know. */
  settle(correct: readonly ProcessId[]): void {
    for (const [server, { isCompleted, witnesses }] of this.patients) {
      if (isCompleted && correct.every((member) => member === server || witnesses.has(member)))
        this.patients.delete(server);
    }
  }

  copyFrom(other: Healing): void {
    for (const [server, patient] of other.patients) this.patients.set(server, patient.clone());
  }
}
