/**
 * The adversary of a run: the corrupted processes, their interceptors in the order of the plan, and the blackboard
 * that they share. A corrupted process runs the correct code; whatever it sends goes through the interceptors before
 * it reaches the network, once for each receiver, and whatever it gets may be kept from it.
 *
 * Every choice goes through {@link Choices} under the name of the entry and of the message, and falls back to the
 * truth, so that a lie can be taken out of a trace like any fault.
 */

import {
  Family,
  MEMBER_GENERATION,
  type AttackSurface,
  type Authentication,
  type Authenticator,
  type Choices,
  type Liar,
  type Membership,
  type Message,
  type Micros,
  type ProcessId,
  type ProtocolEvent,
} from '../../kernel/index.js';
import type { LiarBudget } from '../controls.js';
import { processName, processNames } from '../wording.js';
import { Blackboard } from './blackboard.js';
import { Corruption } from './corruption.js';
import { drawRules } from './drawn.js';
import { isMalformed, malformed } from './malform.js';
import { BYZANTINE_VERBS, twinsOf, type ByzantineFault, type Misbehaviour } from './plan.js';
import { CHANCE_MAX, Rule, type Casting } from './rule.js';
import { ViewWatch } from './view-watch.js';

/** What stays the same in all forks of a run. */
export interface AdversaryBrief {
  readonly plan: readonly ByzantineFault[];
  /** How many corrupted servers the failure model bears. */
  readonly borne: number;
  readonly surface: AttackSurface;
  /** Of the protocol. */
  readonly settings: unknown;
  readonly servers: number;
  readonly members: readonly ProcessId[];
}

export interface AdversaryWorld {
  readonly choices: Choices;
  readonly authentication: Authentication;
  readonly now: Micros;
  /** True for a server whose disk has lost something. */
  isDamaged(server: ProcessId): boolean;
  note(text: string): void;
}

/** Where what is to be sent goes. */
export interface Outlet {
  /** Sends the message after a while. */
  sendLater(from: ProcessId, to: ProcessId, message: Message, afterMicros: Micros): void;
}

/** Streams of chance: beyond those of the nemesis. */
const FIRST_STREAM = 3000;
/** Entries are numbered by themselves; what chance adds to an entry comes after all of them. */
const RULES_OF_CHANCE = 1000;

/** Kinds of messages that are for one client, whatever they are about. */
const ANSWERS: ReadonlySet<string> = new Set(['Reply', 'ReadReply']);

/** The means of the liar whose message is in hand. */
class Means implements Liar {
  self: ProcessId = 0;
  to: ProcessId = 0;
  rule: Rule | undefined = undefined;
  subject = '';

  constructor(private readonly adversary: Adversary) {}

  get keys(): Authenticator {
    return this.adversary.world.authentication.of(this.self);
  }

  get members(): readonly ProcessId[] {
    return this.adversary.members;
  }

  get settings(): unknown {
    return this.adversary.brief.settings;
  }

  keysOf(identity: ProcessId): Authenticator | undefined {
    const { adversary } = this;
    return adversary.corruption.isFaulty(identity) ? adversary.world.authentication.of(identity) : undefined;
  }

  seen(kind: string): readonly Message[] {
    return this.adversary.board.seen(kind);
  }

  draw(what: string, min: number, max: number): number {
    return this.adversary.draw(this.rule?.number ?? 0, this.subject, what, min, max);
  }

  recall(name: string): number | undefined {
    return this.adversary.board.recall(name);
  }

  agree(name: string, value: number): void {
    this.adversary.board.agree(name, value);
  }
}

export class Adversary implements Casting, LiarBudget {
  private views = new ViewWatch();
  /** When the next entry that is about a role comes into force; not known before a view is heard of. */
  private rolesFrom: Micros = Infinity;
  /** The latest members that one of those has reported, and where in the order they began; in order of the processes. */
  private latestMembers: readonly ProcessId[];
  private membersSince = 0;
  private readonly means: Means;
  /** About to stop and to start again from their code. */
  private readonly stopping = new Set<ProcessId>();
  private readonly hasTwins: boolean;
  /** When a throttled link is free again, by rule, sender and receiver. */
  private readonly freeAt = new Map<string, Micros>();
  /** What is left of a message in hand. */
  private messages: Message[] = [];
  private delays: Micros[] = [];
  private nextMessages: Message[] = [];
  private nextDelays: Micros[] = [];

  private constructor(
    readonly brief: AdversaryBrief,
    readonly world: AdversaryWorld,
    readonly corruption: Corruption,
    private readonly rules: readonly Rule[],
    readonly board: Blackboard,
  ) {
    this.means = new Means(this);
    this.latestMembers = brief.members;
    this.hasTwins = twinsOf(brief.plan) > 0;
  }

  static create(brief: AdversaryBrief, world: AdversaryWorld): Adversary {
    const { plan, servers, borne } = brief;
    const drawFor =
      (number: number, id: string) =>
      (what: string, min: number, max: number): number =>
        drawFrom(world.choices, number, id, what, min, max);
    const corruption = Corruption.create(plan, servers, borne, drawFor(0, 'adversary'));
    const rules: Rule[] = [];
    plan.forEach((fault, entry) => {
      addRules(rules, brief, corruption, fault, entry, drawFor(entry + 1, fault.id));
    });
    // Nothing can be done with what is no message any more: that comes last.
    const isLast = ({ action }: Rule): boolean => action.do === 'malform';
    const ordered = [...rules.filter((rule) => !isLast(rule)), ...rules.filter(isLast)];
    return new Adversary(brief, world, corruption, ordered, new Blackboard());
  }

  get servers(): number {
    return this.brief.servers;
  }

  get members(): readonly ProcessId[] {
    return this.latestMembers;
  }

  get surface(): AttackSurface {
    return this.brief.surface;
  }

  /** Tells who is corrupted from the beginning. */
  start(): void {
    const liars = this.corruption.liars();
    if (liars.length === 0) return;
    const names = processNames(liars, this.servers);
    this.world.note(`${names} ${liars.length === 1 ? 'is' : 'are'} corrupted`);
    for (const { id, action } of this.rules) {
      this.world.note(`${id}: ${action.do}: ${BYZANTINE_VERBS[action.do]}`);
    }
  }

  get most(): number {
    return this.corruption.most;
  }

  mayCorrupt(server: ProcessId): boolean {
    return this.corruption.mayCorrupt(server, (other) => this.world.isDamaged(other));
  }

  corrupt(server: ProcessId): void {
    this.corruption.corrupt(server);
  }

  isFaulty(process: ProcessId): boolean {
    return this.corruption.isFaulty(process);
  }

  isSpent(server: ProcessId): boolean {
    return this.corruption.isSpent(server);
  }

  /** A process has stopped by itself. When that was to recover, it starts again from the true code. */
  halted(process: ProcessId): void {
    const isHealed = this.stopping.delete(process) && !this.hasTwins && this.corruption.heal(process);
    if (isHealed) this.world.note(`${processName(process, this.servers)} is corrupted no more`);
  }

  private heardOfRecovery(process: ProcessId, event: ProtocolEvent): void {
    const { healing } = this.corruption;
    if (event.kind === 'recovered') this.stopping.delete(process);
    else if (event.kind === 'keys-refreshed') healing.witnessed(event.recovering, process, event.number);
    else if (event.kind !== 'proactive-recovery') return;
    else if (event.phase === 'due') this.stopping.add(process);
    else if (event.phase === 'begun') {
      // What it said before it forgot may count with others as well, after it is trusted again.
      if (this.world.isDamaged(process) && !this.isSpent(process)) healing.begin(process);
      healing.begun(process, event.number);
    } else healing.completed(process);
    healing.settle(this.members.filter((member) => !this.isFaulty(member)));
  }

  /** A replica has reported a change: roles are given by what correct ones say. */
  heard(process: ProcessId, event: ProtocolEvent): void {
    this.heardOfRecovery(process, event);
    if (event.kind === 'configuration-changed')
      this.heardOfMembers(process, event.configuration, event.index);
    if (this.views.heard(process, event, this.isFaulty(process))) this.castRoles();
  }

  get isChangingView(): boolean {
    return this.views.isChanging;
  }

  /** A message is sent. Roles of entries that have come into force since a view was last heard of are given. */
  passing(): void {
    if (this.world.now >= this.rolesFrom) this.castRoles();
  }

  private castRoles(): void {
    const { now } = this.world;
    this.rolesFrom = Infinity;
    for (const { on, when, id } of this.brief.plan) {
      if (on.kind !== 'primary' && on.kind !== 'next-primary') continue;
      if (now < when.fromMicros) {
        this.rolesFrom = Math.min(this.rolesFrom, when.fromMicros);
        continue;
      }
      if (when.untilMicros !== undefined && now >= when.untilMicros) continue;
      const view = on.kind === 'primary' ? this.views.view : this.views.view + 1;
      const server = this.surface.primaryOf(view, this.members);
      if (!this.corruption.corruptForRole(server, (other) => this.world.isDamaged(other))) continue;
      this.world.note(
        `${processName(server, this.servers)} is corrupted: ${on.kind} of view ${this.views.view} (${id})`,
      );
    }
  }

  private heardOfMembers(process: ProcessId, { voters }: Membership, index: number): void {
    if (this.isFaulty(process) || index < this.membersSince) return;
    this.membersSince = index;
    this.latestMembers = voters.map((voter) => voter % MEMBER_GENERATION).sort((a, b) => a - b);
  }

  /** A corrupted process sends: what becomes of it goes to the outlet. */
  outgoing(from: ProcessId, to: ProcessId, message: Message, outlet: Outlet): void {
    const own = from < this.servers ? message : this.ownOnly(from, to, message);
    // Whoever replays it later replays what was sent.
    this.board.see(own);
    this.messages = [own];
    this.delays = [0];
    for (const rule of this.rules) if (rule.action.do !== 'ignore') this.intercept(rule, from, to);
    const { messages, delays } = this;
    for (let i = 0; i < messages.length; i++) {
      outlet.sendLater(from, to, messages[i] as Message, delays[i] as Micros);
    }
  }

  /** True when what was sent to a corrupted process reaches it. */
  incoming(from: ProcessId, to: ProcessId, message: Message): boolean {
    // What a corrupted process really meant was seen when it was sent. It may have recovered since.
    if (!this.isFaulty(from) && !isMalformed(message)) this.board.see(message);
    for (const rule of this.rules) {
      if (rule.action.do === 'ignore' && this.strikes(rule, to, from, message)) return false;
    }
    return true;
  }

  /** One decision of an entry's. */
  draw(number: number, subject: string, what: string, min: number, max: number): number {
    return drawFrom(this.world.choices, number, subject, what, min, max);
  }

  clone(world: AdversaryWorld): Adversary {
    const copy = new Adversary(this.brief, world, this.corruption.clone(), this.rules, this.board.clone());
    for (const process of this.stopping) copy.stopping.add(process);
    copy.views = this.views.clone();
    copy.rolesFrom = this.rolesFrom;
    copy.latestMembers = this.latestMembers;
    copy.membersSince = this.membersSince;
    for (const [name, time] of this.freeAt) copy.freeAt.set(name, time);
    return copy;
  }

  /** A faulty client is kept away from what others read: their histories are judged, its own is not. */
  private ownOnly(from: ProcessId, to: ProcessId, message: Message): Message {
    return this.surface.keepPrivate(message, this.meansOf(undefined, from, to, ''));
  }

  private intercept(rule: Rule, from: ProcessId, to: ProcessId): void {
    const { messages, delays } = this;
    let struck = 0;
    while (struck < messages.length && !this.strikes(rule, from, to, messages[struck] as Message)) struck++;
    // Most rules concern few messages.
    if (struck === messages.length) return;
    this.nextMessages = messages.slice(0, struck);
    this.nextDelays = delays.slice(0, struck);
    this.misbehave(rule.action, messages[struck] as Message, delays[struck] as Micros);
    for (let i = struck + 1; i < messages.length; i++) {
      const message = messages[i] as Message;
      const delay = delays[i] as Micros;
      if (this.strikes(rule, from, to, message)) this.misbehave(rule.action, message, delay);
      else this.pass(message, delay);
    }
    this.messages = this.nextMessages;
    this.delays = this.nextDelays;
  }

  /** Whether the rule concerns the message and chance says so; then its liar's means are at hand. */
  private strikes(rule: Rule, culprit: ProcessId, other: ProcessId, message: Message): boolean {
    if (!rule.concerns(culprit, other, message, this.world.now, this)) return false;
    if (rule.isForRoles && !this.corruption.hasRole(culprit)) return false;
    const subject = this.world.choices.keyed ? this.subjectOf(rule, culprit, other, message) : rule.id;
    if (this.draw(rule.number, subject, 'strike', 0, CHANCE_MAX) < rule.least) return false;
    this.meansOf(rule, culprit, other, subject);
    return true;
  }

  private subjectOf(rule: Rule, culprit: ProcessId, other: ProcessId, message: Message): string {
    const { surface } = this;
    return `${rule.id}/${culprit}>${other}/${message.kind}/${surface.viewOf(message)}/${surface.sequenceOf(message)}`;
  }

  private meansOf(rule: Rule | undefined, self: ProcessId, to: ProcessId, subject: string): Means {
    const { means } = this;
    means.self = self;
    means.to = to;
    means.rule = rule;
    means.subject = subject;
    return means;
  }

  private pass(message: Message, delay: Micros): void {
    this.nextMessages.push(message);
    this.nextDelays.push(delay);
  }

  private misbehave(action: Misbehaviour, message: Message, delay: Micros): void {
    const { surface, means } = this;
    switch (action.do) {
      case 'equivocate':
        this.pass(this.otherStory(message), delay);
        return;
      case 'silence':
        return;
      case 'delay':
        this.pass(message, delay + means.draw('delay', action.minMicros, action.maxMicros));
        return;
      case 'throttle':
        this.pass(message, this.throttled(action.everyMicros, delay));
        return;
      case 'mutate':
        this.pass(this.varied(message, action.field, action.variation), delay);
        return;
      case 'lie':
        if (action.also) this.pass(message, delay);
        this.pass(surface.tell(action.lie, message, means), delay);
        return;
      case 'replay':
        this.pass(message, delay);
        this.replay(delay);
        return;
      case 'impersonate':
        this.pass(message, delay);
        if (means.draw('how', 0, 1) === 0) this.replay(delay);
        else this.pass(surface.tell('other-signer', message, means), delay);
        return;
      case 'malform':
        this.pass(
          malformed(message, (what, min, max) => means.draw(what, min, max)),
          delay,
        );
        return;
      case 'flood':
        this.pass(message, delay);
        for (let i = 0; i < action.copies; i++) this.pass(this.varied(message, undefined, 'step'), delay);
        return;
      default:
        this.pass(message, delay);
    }
  }

  /** The same for all who are to hear it, and whenever it is told again. */
  private otherStory(message: Message): Message {
    const { surface, means } = this;
    const { digest } = message as { readonly digest?: unknown };
    if (typeof digest !== 'number') return surface.otherStory(message, means);
    const [view, sequence] = [surface.viewOf(message), surface.sequenceOf(message)];
    const name = `${means.self}/${message.kind}/${view}/${sequence}/${digest}`;
    // An answer is proved to one client.
    const listener = ANSWERS.has(message.kind) ? `${name}/${means.to}` : name;
    return this.board.story(listener, () => surface.otherStory(message, means));
  }

  private varied(
    message: Message,
    field: string | undefined,
    variation: Parameters<AttackSurface['vary']>[2],
  ): Message {
    const { surface, means } = this;
    if (field !== undefined) return surface.vary(message, field, variation, means);
    const fields = surface.fields.filter((name) => name === 'timestamp' || name in message);
    const drawn = fields[means.draw('field', 0, Math.max(0, fields.length - 1))];
    return drawn === undefined ? message : surface.vary(message, drawn, variation, means);
  }

  private throttled(everyMicros: Micros, delay: Micros): Micros {
    const { means, freeAt } = this;
    const { now } = this.world;
    const name = `${means.rule?.id ?? ''}/${means.self}>${means.to}`;
    const leaves = Math.max(now + delay, freeAt.get(name) ?? 0);
    freeAt.set(name, leaves + everyMicros);
    return leaves - now;
  }

  /** Something that was said before, by whomever. */
  private replay(delay: Micros): void {
    const { board, means } = this;
    const kinds = board.kinds().filter((kind) => means.rule?.has(kind) === true);
    const kind = kinds[means.draw('kind', 0, Math.max(0, kinds.length - 1))];
    if (kind === undefined) return;
    const seen = board.seen(kind);
    const old = seen[means.draw('which', 0, Math.max(0, seen.length - 1))];
    if (old !== undefined) this.pass(old, delay);
  }
}

function drawFrom(
  choices: Choices,
  number: number,
  subject: string,
  what: string,
  min: number,
  max: number,
): number {
  if (min >= max) return min;
  return choices.integer(Family.fault, FIRST_STREAM + number, subject, what, min, max, min);
}

/** The rules of one entry: itself, or what chance makes of `anything`, for each culprit its own. */
function addRules(
  rules: Rule[],
  { surface }: AdversaryBrief,
  corruption: Corruption,
  { id, on, action, when }: ByzantineFault,
  entry: number,
  draw: (what: string, min: number, max: number) => number,
): void {
  const culprits = corruption.culpritsOf(on);
  if (action.do === 'twin') return;
  if (action.do !== 'anything') {
    rules.push(new Rule(id, entry + 1, action, when, culprits, corruption.audienceOf(when.to, draw)));
    return;
  }
  for (const group of culprits === undefined ? [undefined] : [...culprits].map((one) => new Set([one]))) {
    for (const drawn of drawRules(surface, when, draw)) {
      const number = RULES_OF_CHANCE + rules.length;
      const audience = corruption.audienceOf(drawn.when.to, draw);
      rules.push(new Rule(`${id}.${rules.length}`, number, drawn.action, drawn.when, group, audience));
    }
  }
}
