// What the tests of the disk share: a disk with a schedule and a tap that record, and short words for slots.

import { Choices, type Micros, type OperationId } from '../../src/kernel/index.js';
import type { DiskConfig } from '../../src/world/config.js';
import type { DiskTap } from '../../src/world/disk-contract.js';
import { Disk } from '../../src/world/disk.js';

export const CONFIG: DiskConfig = { syncLatency: { kind: 'constant', micros: 100 }, capacityBytes: 0 };
export const SECTOR = 512;

/** Answers decisions with the same fraction of their range: 0 is the least, 1 the most. */
export class SteadyChoices extends Choices {
  override readonly keyed = false;
  constructor(private readonly fraction: number) {
    super();
  }
  override message(): void {}
  override timer(): number {
    return 0;
  }
  override integer(_f: number, _o: number, _s: unknown, _w: string, min: number, max: number): number {
    return min + Math.floor((max - min) * this.fraction);
  }
  override duration(_f: number, _o: number, _s: unknown, _w: string, sampler: { min: Micros }): Micros {
    return sampler.min;
  }
  override clone(): SteadyChoices {
    return new SteadyChoices(this.fraction);
  }
}

/** Completions are taken by hand. */
export class Schedule {
  readonly entries: { operation: OperationId; delay: Micros }[] = [];
  completeAt(_process: number, operation: OperationId, delay: Micros): void {
    this.entries.push({ operation, delay });
  }
}

/** A view of the durable records that knows of nothing but the tap. */
export class View implements DiskTap {
  disk: Disk | undefined = undefined;
  readonly files = new Map<string, unknown[]>();
  readonly calls: string[] = [];

  onDurableRecord(_process: number, file: string, slot: number, record: unknown): void {
    this.calls.push(`${file}[${slot}]`);
    const records = this.files.get(file) ?? [];
    records[slot] = record;
    this.files.set(file, records);
  }
  onDurableCut(_process: number, file: string, count: number): void {
    this.calls.push(`${file} cut to ${count}`);
    this.files.set(file, (this.files.get(file) ?? []).slice(0, count));
  }
  onDurableLoss(_process: number, file: string): void {
    this.calls.push(`${file} lost`);
    const slots = (this.disk as Disk).durableSlots(file);
    this.files.set(
      file,
      slots.map((slot) => slot.record),
    );
  }
}

export function setUp(choices: Choices = new SteadyChoices(0), config = CONFIG) {
  const schedule = new Schedule();
  const view = new View();
  const disk = new Disk(3, config, choices, schedule, view);
  view.disk = disk;
  return { disk, schedule, view };
}

export const syncNow = (disk: Disk, file: string) => disk.complete(disk.sync(file));
export const read = (disk: Disk, file: string) => disk.image().read(file);
export const intact = (record: unknown) => ({ intact: true, record, blankSectors: 0 });
export const damaged = (blankSectors: number) => ({ intact: false, record: undefined, blankSectors });
