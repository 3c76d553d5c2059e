/**
 * What strikes do to the world, and how it is undone. Lasting effects are settled, never counted: after
 * every change the state of a process is set to what the faults in force ask for, so overlapping faults
 * compose and the last one to end leaves nothing behind.
 *
 * A server is down, or stands still, while at least one fault holds it so. Of several faults that set a
 * value the latest counts; without any, the configured value. Clock jumps and damage to disks are not
 * undone: repairing them is the protocol's work.
 */

import type { Plain, ProcessId } from '../kernel/index.js';
import type { DiskPlace } from '../world/disk-contract.js';
import { linksToCut, linksToDegrade } from './aim.js';
import { catalogueEntry } from './catalogue.js';
import type { WorldControls } from './controls.js';
import type { FaultAction, FaultVerb } from './plan.js';
import { StrikesInForce, targetsOf, type Strike } from './strikes.js';
import { endSentence, processName, processNames, strikeSentence } from './wording.js';

/** Verbs that hold a server down. */
const POWER: readonly FaultVerb[] = ['crash', 'rollback', 'wipe', 'lose-disk'];

export class Effects {
  private constructor(
    private readonly controls: WorldControls,
    private readonly damagedDiskBudget: number,
    /** By server. Invariant: as it was before the first fault. */
    private readonly configuredDriftPpm: readonly number[],
    private readonly inForce: StrikesInForce,
  ) {}

  /** `damagedDiskBudget`: most damaged disks at a time, as the plan allows. */
  static create(controls: WorldControls, damagedDiskBudget: number): Effects {
    const drifts: number[] = [];
    for (let server = 0; server < controls.servers; server++) drifts.push(controls.clock(server).driftPpm);
    return new Effects(controls, damagedDiskBudget, drifts, new StrikesInForce());
  }

  /** Whether chance may pick this server for the verb: what is down cannot crash, and so on. */
  isEligible(verb: FaultVerb, server: ProcessId): boolean {
    const { controls } = this;
    switch (verb) {
      case 'crash':
        return controls.isUp(server);
      case 'rollback':
      case 'wipe':
        return controls.isUp(server) && this.mayForget(server);
      case 'lost-write':
      case 'lying-sync':
        return this.mayForget(server);
      case 'lose-disk':
        return controls.isUp(server) && this.mayDamage(server);
      case 'restart':
        return !controls.isUp(server);
      case 'pause':
        return controls.isUp(server) && !controls.isPaused(server);
      case 'resume':
        return controls.isPaused(server);
      case 'bit-rot':
        return this.mayDamage(server);
      default:
        return true;
    }
  }

  isInForce(key: string): boolean {
    return this.inForce.find(key) !== undefined;
  }

  /** True while a fault wants the server down: its supervisor must not start it. */
  holdsDown(server: ProcessId): boolean {
    return this.inForce.latest(POWER, server) !== undefined;
  }

  /** Strikes. What lasts stays in force until {@link end} with its key, or {@link healAll}. */
  begin(wanted: Strike): void {
    const { action } = wanted;
    const strike = this.withinBudget(wanted);
    if (strike === undefined) return;
    this.noteBegin(strike);
    if (catalogueEntry(action.do).duration !== 'never') {
      this.inForce.add(strike);
      this.settleAll(strike);
    }
    this.strikeOnce(strike);
  }

  /** Ends a strike; nothing happens when it is not in force any more. */
  end(key: string): void {
    const strike = this.inForce.find(key);
    if (strike === undefined) return;
    const { action, groups, id } = strike;
    const { servers } = this.controls;
    this.inForce.remove(key);
    this.settleAll(strike);
    if (!catalogueEntry(action.do).needsOn || action.do === 'isolate' || action.do === 'flap') {
      this.note(endSentence(action, groups, servers), id);
      return;
    }
    const verbs = sameKind(action.do);
    const isHeld = (process: ProcessId): boolean => this.inForce.latest(verbs, process) !== undefined;
    const freed = targetsOf(strike).filter((process) => !isHeld(process));
    const held = targetsOf(strike).filter(isHeld);
    if (freed.length > 0) this.note(endSentence(action, [freed], servers), id);
    if (held.length > 0) this.note(`another fault still holds ${processNames(held, servers)}`, id);
  }

  /** Turns a flapping isolation off, or on again. */
  flip(key: string): void {
    const strike = this.inForce.find(key);
    if (strike === undefined) return;
    const flipped: Strike = { ...strike, isCutting: !strike.isCutting };
    this.inForce.replace(flipped);
    this.settleLinks(flipped, true);
    const names = processNames(targetsOf(strike), this.controls.servers);
    const isOne = targetsOf(strike).length === 1;
    this.note(
      `${names} ${isOne ? 'is' : 'are'} ${flipped.isCutting ? 'cut off again' : 'back for a while'}`,
      strike.id,
    );
  }

  /** True while a flapping isolation cuts. */
  isCutting(key: string): boolean {
    return this.inForce.find(key)?.isCutting === true;
  }

  /** Keeps an image of every disk, to which a later rollback returns. */
  rememberDisks(): void {
    for (let server = 0; server < this.controls.servers; server++) {
      this.controls.disk(server).rememberForRollback();
    }
  }

  /**
   * Undoes everything, whoever did it: links whole, disks and processors at their usual speed, drifts as
   * configured, paused servers go on, and servers that are down start (those that halted by themselves too).
   */
  healAll(): void {
    const { controls } = this;
    this.inForce.clear();
    controls.network.healAll();
    const started: ProcessId[] = [];
    for (let server = 0; server < controls.servers; server++) {
      controls.disk(server).failNextSync(false);
      this.settleDisk(server);
      this.settleSpeed(server);
      this.settleDrift(server);
      if (!controls.isUp(server)) started.push(server);
      this.settlePower(server);
      this.settleStillness(server);
    }
    const restarts = started.length === 0 ? '' : `; ${processNames(started, controls.servers)} started`;
    controls.note(`all faults end: links, disks, clocks and processes are healed${restarts}`);
  }

  clone(controls: WorldControls): Effects {
    return new Effects(controls, this.damagedDiskBudget, this.configuredDriftPpm, this.inForce.clone());
  }

  encode(): Plain {
    return { inForce: this.inForce.encode(), configuredDriftPpm: this.configuredDriftPpm };
  }

  /** What a strike does once, at its beginning. */
  private strikeOnce(strike: Strike): void {
    const { controls } = this;
    const { action } = strike;
    const targets = targetsOf(strike);
    switch (action.do) {
      case 'restart':
        this.inForce.release(POWER, targets);
        for (const server of targets) this.settlePower(server);
        break;
      case 'resume':
        this.inForce.release(['pause'], targets);
        for (const server of targets) this.settleStillness(server);
        break;
      case 'heal':
        this.healLinks();
        break;
      case 'rollback':
        for (const server of targets) controls.disk(server).rollback();
        break;
      case 'wipe':
        for (const server of targets) controls.wipeDisk(server);
        break;
      case 'lose-disk':
        for (const server of targets) controls.disk(server).lose();
        break;
      case 'fail-sync':
        for (const server of targets) controls.disk(server).failNextSync(true);
        break;
      case 'lost-write':
        for (const server of targets) this.damage(strike, server, () => controls.disk(server).loseRecord());
        break;
      case 'bit-rot':
        for (const server of targets) this.rot(strike, server);
        break;
      case 'clock-jump':
        for (const server of targets) controls.jumpClock(server, action.byMicros);
        break;
      default:
        break;
    }
  }

  /** Sets the world to what is in force, wherever this strike has touched it or stopped to. */
  private settleAll(strike: Strike): void {
    const targets = targetsOf(strike);
    switch (strike.action.do) {
      case 'crash':
      case 'rollback':
      case 'wipe':
      case 'lose-disk':
        for (const server of targets) this.settlePower(server);
        break;
      case 'pause':
        for (const server of targets) this.settleStillness(server);
        break;
      case 'slow-cpu':
        for (const server of targets) this.settleSpeed(server);
        break;
      case 'slow-disk':
      case 'full-disk':
      case 'lying-sync':
        for (const server of targets) this.settleDisk(server);
        break;
      case 'clock-drift':
        for (const server of targets) this.settleDrift(server);
        break;
      default:
        this.settleLinks(strike, this.isInForce(strike.key));
    }
  }

  /** A server that starts while a pause holds it stands still at once. */
  private settlePower(server: ProcessId): void {
    const { controls } = this;
    if (this.holdsDown(server)) {
      if (controls.isUp(server)) controls.crash(server);
    } else if (!controls.isUp(server)) {
      controls.restart(server);
      this.settleStillness(server);
    }
  }

  private settleStillness(server: ProcessId): void {
    const { controls } = this;
    const isHeld = this.inForce.latest(['pause'], server) !== undefined;
    if (isHeld && controls.isUp(server) && !controls.isPaused(server)) controls.pause(server);
    if (!isHeld && controls.isPaused(server)) controls.resume(server);
  }

  private settleSpeed(server: ProcessId): void {
    const slow = this.latestAction('slow-cpu', server);
    this.controls.setServiceMicros(server, slow?.serviceMicros ?? this.controls.serviceMicros);
  }

  private settleDisk(server: ProcessId): void {
    const disk = this.controls.disk(server);
    disk.setSlowFactor(this.latestAction('slow-disk', server)?.factor ?? 1);
    disk.setFull(this.latestAction('full-disk', server) !== undefined);
    disk.setLying(this.latestAction('lying-sync', server) !== undefined);
  }

  private settleDrift(server: ProcessId): void {
    const configured = this.configuredDriftPpm[server] ?? 0;
    const ppm = this.latestAction('clock-drift', server)?.ppm ?? configured;
    this.controls.clock(server).setDrift(this.controls.now(), ppm);
  }

  private settleLinks(strike: Strike, isInForce: boolean): void {
    const { network, processes } = this.controls;
    const { action, groups, key } = strike;
    if (action.do === 'degrade') {
      if (!isInForce) network.restore(key);
      else for (const { from, to } of linksToDegrade(groups)) network.override(key, from, to, action.link);
    } else if (isInForce && strike.isCutting) {
      for (const { from, to } of linksToCut(action, groups, processes)) network.block(key, from, to);
    } else {
      network.unblock(key);
    }
  }

  /** Ends every fault of links at once, without a line for each. */
  private healLinks(): void {
    for (const { key, action } of this.inForce.all()) {
      if (catalogueEntry(action.do).faultClass === 'network') this.inForce.remove(key);
    }
    this.controls.network.healAll();
  }

  private rot(strike: Strike, server: ProcessId): void {
    if (this.mayDamage(server)) this.damage(strike, server, () => this.controls.disk(server).rotRecord());
    else this.noteSpared(server, strike.id);
  }

  /** The strike on those of its targets that the budgets allow; undefined when it is none. */
  private withinBudget(strike: Strike): Strike | undefined {
    const { do: verb } = strike.action;
    const makesForget =
      catalogueEntry(verb).faultClass === 'disk-amnesia' && this.controls.liars !== undefined;
    if (verb !== 'lose-disk' && !makesForget) return strike;
    const struck: ProcessId[] = [];
    for (const server of targetsOf(strike)) {
      const isSpared = makesForget ? !this.mayForget(server) : !this.mayDamage(server, struck);
      if (isSpared) this.noteSpared(server, strike.id);
      else struck.push(server);
      if (!isSpared && makesForget) this.controls.liars?.corrupt(server);
    }
    return struck.length === 0 ? undefined : { ...strike, groups: [struck] };
  }

  /** A replica that forgets what it has promised may do anything: it spends one of those that are borne. */
  private mayForget(server: ProcessId): boolean {
    const { liars } = this.controls;
    return liars === undefined || liars.mayCorrupt(server);
  }

  private noteSpared(server: ProcessId, id: string): void {
    const name = processName(server, this.controls.servers);
    const why = this.controls.liars === undefined ? 'disks are damaged' : 'replicas are faulty';
    this.note(`${name} is spared: enough ${why} already`, id);
  }

  /** Others whose disks are damaged, or who may do anything. */
  private faultyOthers(server: ProcessId, doomed: readonly ProcessId[]): number {
    const { controls } = this;
    let others = 0;
    for (let other = 0; other < controls.servers; other++) {
      if (other === server) continue;
      const isLiar = controls.liars?.isSpent(other) === true;
      if (isLiar || doomed.includes(other) || controls.disk(other).damaged()) others++;
    }
    return others;
  }

  private damage(strike: Strike, server: ProcessId, inflict: () => DiskPlace | undefined): void {
    const { servers } = this.controls;
    const place = inflict();
    if (place === undefined) {
      this.note(`${processName(server, servers)} is spared: nothing on its disk is synced`, strike.id);
    } else {
      const sentence = strikeSentence(strike.action, [[server]], servers);
      this.note(`${sentence}: ${place.file}, record ${place.slot}`, strike.id);
    }
  }

  /**
   * Within the plan's budget, and never beyond what leaves a majority of the voters' disks undamaged. `doomed`: disks
   * that count as damaged already.
   */
  private mayDamage(server: ProcessId, doomed: readonly ProcessId[] = []): boolean {
    const { controls } = this;
    if (controls.liars?.isFaulty(server) === true) return true;
    const majority = Math.floor((controls.voters() - 1) / 2);
    const limit = Math.min(this.damagedDiskBudget, controls.liars?.most ?? majority);
    return this.faultyOthers(server, doomed) < limit;
  }

  private latestAction<Verb extends FaultVerb>(
    verb: Verb,
    process: ProcessId,
  ): Extract<FaultAction, { do: Verb }> | undefined {
    return this.inForce.latest([verb], process)?.action as Extract<FaultAction, { do: Verb }> | undefined;
  }

  /** One line for a strike; damage to records is told server by server, as it may spare some. */
  private noteBegin(strike: Strike): void {
    const { action, groups, id } = strike;
    const { servers } = this.controls;
    if (action.do === 'bit-rot' || action.do === 'lost-write') return;
    if (action.do === 'restart' || action.do === 'resume') {
      const ready = targetsOf(strike).filter((server) => this.isEligible(action.do, server));
      const none = `${processNames(targetsOf(strike), servers)}: there is nothing to ${action.do}`;
      this.note(ready.length === 0 ? none : strikeSentence(action, [ready], servers), id);
    } else {
      this.note(strikeSentence(action, groups, servers), id);
    }
  }

  private note(sentence: string, id: string): void {
    this.controls.note(`${sentence} (${id})`);
  }
}

/** The verbs that hold the same thing as this one. */
function sameKind(verb: FaultVerb): readonly FaultVerb[] {
  return POWER.includes(verb) ? POWER : [verb];
}
