// A world for the nemesis to act on: real disks and clocks, naive links and processes, a small event
// queue. It keeps a log of everything that happened, so that two runs can be compared as texts.

import type {
  ClockControl,
  DiskControl,
  LinkControl,
  Nemesis,
  WorldControls,
} from '../../src/faults/index.js';
import { Digest, RandomChoices, type Choices, type Micros, type ProcessId } from '../../src/kernel/index.js';
import { Clock } from '../../src/world/clock.js';
import type { DiskConfig, LinkConfig, Topology } from '../../src/world/config.js';
import type { DiskScheduler } from '../../src/world/disk-contract.js';
import { Disk } from '../../src/world/disk.js';

const QUICK_DISK: DiskConfig = { syncLatency: { kind: 'constant', micros: 100 }, capacityBytes: 0 };
const NO_SCHEDULER: DiskScheduler = { completeAt: () => {} };
const NO_TAP = { onDurableRecord: () => {}, onDurableCut: () => {}, onDurableLoss: () => {} };

/** Links as sets of texts `owner: from>to`. */
export class NaiveLinks implements LinkControl {
  blocks = new Set<string>();
  overrides = new Set<string>();

  block(owner: string, from: ProcessId, to: ProcessId): void {
    this.blocks.add(`${owner}: ${from}>${to}`);
  }

  unblock(owner: string): void {
    for (const block of [...this.blocks]) if (block.startsWith(`${owner}: `)) this.blocks.delete(block);
  }

  override(owner: string, from: ProcessId, to: ProcessId, _link: LinkConfig): void {
    this.overrides.add(`${owner}: ${from}>${to}`);
  }

  restore(owner: string): void {
    for (const entry of [...this.overrides]) if (entry.startsWith(`${owner}: `)) this.overrides.delete(entry);
  }

  healAll(): void {
    this.blocks.clear();
    this.overrides.clear();
  }

  isBlocked(from: ProcessId, to: ProcessId): boolean {
    return [...this.blocks].some((block) => block.endsWith(`: ${from}>${to}`));
  }
}

export interface WorldShape {
  readonly servers: number;
  readonly clients?: number;
  readonly choices?: Choices;
  readonly topology?: Topology;
}

export class RecordingWorld implements WorldControls {
  readonly servers: number;
  readonly processes: number;
  readonly topology: Topology;
  readonly serviceMicros = 5;
  readonly network = new NaiveLinks();
  /** Everything that was done, with its time. */
  log: string[] = [];
  notes: string[] = [];
  leaderNow: ProcessId = -1;
  time: Micros = 0;
  readonly choices: Choices;
  readonly up: boolean[];
  readonly paused: boolean[];
  readonly service: number[];
  readonly disks: Disk[] = [];
  readonly clocks: Clock[] = [];
  readonly wakeUps: { readonly at: Micros; readonly token: number }[] = [];

  constructor(private readonly shape: WorldShape) {
    this.servers = shape.servers;
    this.processes = shape.servers + (shape.clients ?? 2);
    this.topology = shape.topology ?? { locations: [], delays: [] };
    this.choices = shape.choices ?? new RandomChoices('seed', new Digest());
    this.up = new Array<boolean>(this.processes).fill(true);
    this.paused = new Array<boolean>(this.processes).fill(false);
    this.service = new Array<number>(this.processes).fill(this.serviceMicros);
    for (let server = 0; server < this.servers; server++) {
      const disk = new Disk(server, QUICK_DISK, this.choices, NO_SCHEDULER, NO_TAP);
      for (let i = 0; i < 4; i++) disk.append('log', { entry: i }, 100);
      disk.complete(disk.sync('log'));
      this.disks.push(disk);
      this.clocks.push(new Clock(0, server));
    }
  }

  now(): Micros {
    return this.time;
  }

  leader(): ProcessId {
    return this.leaderNow >= 0 && this.up[this.leaderNow] === true ? this.leaderNow : -1;
  }

  voters(): number {
    return this.servers;
  }

  isUp(process: ProcessId): boolean {
    return this.up[process] === true;
  }

  isPaused(process: ProcessId): boolean {
    return this.paused[process] === true;
  }

  disk(process: ProcessId): DiskControl {
    return this.disks[process] as Disk;
  }

  clock(process: ProcessId): ClockControl {
    return this.clocks[process] as Clock;
  }

  crash(process: ProcessId): void {
    if (!this.isUp(process)) return;
    this.up[process] = false;
    this.paused[process] = false;
    this.disks[process]?.crash();
    this.write(`crash ${process}`);
  }

  restart(process: ProcessId): void {
    if (this.isUp(process)) return;
    this.up[process] = true;
    this.write(`restart ${process}`);
  }

  pause(process: ProcessId): void {
    this.paused[process] = true;
    this.write(`pause ${process}`);
  }

  resume(process: ProcessId): void {
    this.paused[process] = false;
    this.write(`resume ${process}`);
  }

  wipeDisk(process: ProcessId): void {
    this.disks[process]?.wipe();
    this.write(`wipe ${process}`);
  }

  setServiceMicros(process: ProcessId, micros: Micros): void {
    this.service[process] = micros;
  }

  jumpClock(process: ProcessId, byMicros: Micros): void {
    this.clocks[process]?.jump(byMicros);
    this.write(`jump ${process} by ${byMicros}`);
  }

  schedule(at: Micros, token: number): void {
    this.wakeUps.push({ at, token });
  }

  note(text: string): void {
    this.notes.push(text);
    this.write(text);
  }

  /** Wakes the nemesis for everything that is due until then, equal times in the order of asking. */
  run(nemesis: Nemesis, until: Micros): void {
    for (;;) {
      let first = -1;
      this.wakeUps.forEach(({ at }, place) => {
        if (at <= until && (first < 0 || at < (this.wakeUps[first]?.at ?? 0))) first = place;
      });
      if (first < 0) break;
      const [wakeUp] = this.wakeUps.splice(first, 1);
      this.time = wakeUp?.at ?? 0;
      nemesis.wake(wakeUp?.token ?? -1);
    }
    this.time = until;
  }

  /** Whatever is not as it was before the first fault, apart from damaged disks and wall clocks. */
  residue(): string[] {
    const found = [...this.network.blocks, ...this.network.overrides];
    for (let server = 0; server < this.servers; server++) {
      if (!this.isUp(server)) found.push(`${server} is down`);
      if (this.isPaused(server)) found.push(`${server} is paused`);
      if (this.service[server] !== this.serviceMicros) found.push(`${server} is slow`);
      if (this.clocks[server]?.driftPpm !== server) found.push(`${server} drifts`);
      const { slowFactor, full, lying, failNext } = this.disks[server]?.encode() as {
        slowFactor: number;
        full: boolean;
        lying: boolean;
        failNext: boolean;
      };
      if (slowFactor !== 1 || full || lying || failNext) found.push(`the disk of ${server} is hindered`);
    }
    return found;
  }

  /** Which servers are down, e.g. `[1, 3]`. */
  down(): ProcessId[] {
    return this.disks.map((_, server) => server).filter((server) => !this.isUp(server));
  }

  clone(): RecordingWorld {
    const copy = new RecordingWorld({ ...this.shape, choices: this.choices.clone(new Digest()) });
    copy.log = this.log.slice();
    copy.notes = this.notes.slice();
    copy.leaderNow = this.leaderNow;
    copy.time = this.time;
    copy.network.blocks = new Set(this.network.blocks);
    copy.network.overrides = new Set(this.network.overrides);
    copy.up.splice(0, copy.up.length, ...this.up);
    copy.paused.splice(0, copy.paused.length, ...this.paused);
    copy.service.splice(0, copy.service.length, ...this.service);
    copy.wakeUps.push(...this.wakeUps);
    const disks = this.disks.map((disk) => disk.clone(NO_SCHEDULER, NO_TAP, copy.choices));
    copy.disks.splice(0, copy.disks.length, ...disks);
    copy.clocks.splice(0, copy.clocks.length, ...this.clocks.map((clock) => clock.clone()));
    return copy;
  }

  private write(text: string): void {
    this.log.push(`${this.time} ${text}`);
  }
}
