/** Ghost: of reads that are under way, what was committed when they were asked for. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex } from '../../protocols/raft/index.js';
import { SequenceMap } from '../sequence-map.js';

export class ReadFloors {
  /** By process. */
  private readonly floors: (SequenceMap<LogIndex> | undefined)[] = [];

  invoked(client: ProcessId, sequence: number, committed: LogIndex): void {
    while (this.floors.length <= client) this.floors.push(undefined);
    (this.floors[client] ??= new SequenceMap<LogIndex>()).set(sequence, committed);
  }

  ended(client: ProcessId, sequence: number): void {
    this.floors[client]?.delete(sequence);
  }

  /** 0 for a read that is not under way. */
  of(client: ProcessId, sequence: number): LogIndex {
    return (client < this.floors.length ? this.floors[client]?.get(sequence) : undefined) ?? 0;
  }

  clone(): ReadFloors {
    const copy = new ReadFloors();
    for (const floors of this.floors) copy.floors.push(floors?.clone());
    return copy;
  }
}
