/**
 * A trace as a story: the few things that happened in it, in their order, in plain English. Of a minimised trace
 * these are the decisions that are left and what the replicas made of them; of any other, what replicas, faults and
 * operators did.
 *
 * What follows from something else is told only while there is room.
 */

import { byCodeUnits, hashString, hex32, type Micros, type Words } from '../kernel/index.js';
import { castOf, placeName } from './render-trace.js';
import { skeletonOf } from './skeleton.js';
import { StoryLog } from './story-log.js';
import {
  decisionWording,
  factWording,
  wordingOf,
  wordsOf,
  type NameOf,
  type Wording,
} from './story-words.js';
import type { Trace, TraceEvent } from './trace.js';

/** One thing that happened. */
export interface Beat {
  /** Number of the event; 0: before the first one. */
  readonly event: number;
  readonly timeMicros: Micros;
  readonly text: string;
}

export interface Story {
  readonly beats: readonly Beat[];
  /** Beats that were left out in the middle. */
  readonly omitted: number;
  /** How it ends: the property that broke, and what was said of it. */
  readonly end: string;
  /** Eight hexadecimal digits: the same for stories of the same things, whoever they happened to, and when. */
  readonly fingerprint: string;
}

/** A story of at most so many lines has room for what follows from something else. */
const ROOM = 14;
/** Of a longer one, the beginning and the end are told. */
const MOST = 40;
const FIRST = 10;

interface WeighedBeat extends Beat {
  readonly weight: Wording['weight'];
}

/** Tells a whole trace (see `expandTrace`). `words`: those of its protocol. */
export function storyOf(trace: Trace, words: Partial<Words> | undefined): Story {
  const teller = new Teller(trace, wordsOf(words));
  const all = teller.tell();
  const main = all.filter(({ weight }) => weight === 'main');
  const told = all.length <= ROOM ? all : withSides(all, ROOM - main.length);
  const { status, invariant, message } = trace.header.verdict;
  const verdict = invariant === undefined ? status : `${status} ${invariant}`;
  const end = message === '' ? verdict : `${verdict}: ${message}`;
  const skeletons = new Set(main.map(({ text }) => skeletonOf(text)));
  const sorted = [...skeletons].sort(byCodeUnits);
  const fingerprint = hex32(hashString([verdict, ...sorted].join('\n')));
  const beats = told.map(({ event, timeMicros, text }): Beat => ({ event, timeMicros, text }));
  if (beats.length <= MOST) return { beats, omitted: 0, end, fingerprint };
  const last = beats.slice(beats.length - (MOST - FIRST));
  return { beats: [...beats.slice(0, FIRST), ...last], omitted: beats.length - MOST, end, fingerprint };
}

/** All that matters, and of the rest as many as there is room for: the last ones. */
function withSides(all: readonly WeighedBeat[], room: number): WeighedBeat[] {
  let sides = all.filter(({ weight }) => weight === 'side').length - Math.max(0, room);
  return all.filter(({ weight }) => weight === 'main' || sides-- <= 0);
}

class Teller {
  private readonly beats: WeighedBeat[] = [];
  private readonly log: StoryLog;
  private readonly nameOf: NameOf;
  private readonly edits: ReadonlySet<string>;
  private readonly servers: number;
  /** What clients ask and get matters where a property of any service broke. */
  private readonly isOfClients: boolean;

  constructor(
    private readonly trace: Trace,
    private readonly words: Words,
  ) {
    const cast = castOf(trace);
    this.servers = cast.servers;
    this.log = new StoryLog(cast.servers);
    this.nameOf = (process) => placeName(process, cast);
    const { recipe, verdict } = trace.header;
    this.isOfClients = verdict.invariant?.startsWith('any/') !== false;
    this.edits = new Set(recipe.strategy === 'edited' ? recipe.edits.map(keyOf) : []);
  }

  tell(): readonly WeighedBeat[] {
    const { header, events } = this.trace;
    for (const decision of header.setup) {
      if (this.edits.has(keyOf(decision)))
        this.add(undefined, decisionWording(decision, this.nameOf), 'main');
    }
    for (const event of events) this.event(event);
    const last = events.at(-1);
    this.news(last);
    return this.beats;
  }

  private event(event: TraceEvent): void {
    const { nameOf, words, log } = this;
    const notes = event.notes.filter(isTold);
    const wordings = event.changes.map((change) => wordingOf(change.process, change.event, words, nameOf));
    const isTurn = notes.length > 0 || wordings.some((wording) => wording?.weight === 'main');
    // Before what happens now: what the servers had until then.
    if (isTurn) this.news(event);
    for (const note of notes) this.add(event, withoutId(note), 'main');
    this.decisions(event, notes.length > 0);
    wordings.forEach((wording, i) => {
      const change = event.changes[i];
      const isServer = change !== undefined && change.process < this.servers;
      const lost = isServer ? log.lost(change.process, change.event, words) : undefined;
      if (isServer) log.learn(change.process, change.event);
      if (wording === undefined) return;
      if (lost === undefined) this.add(event, wording.text, wording.weight);
      else this.add(event, `${wording.text}: ${lost}`, 'main');
    });
    if (!this.isOfClients) return;
    for (const fact of event.history) this.add(event, factWording(fact, nameOf), 'side');
  }

  private decisions(event: TraceEvent, hasNotes: boolean): void {
    for (const decision of event.decisions) {
      if (!this.edits.has(keyOf(decision))) continue;
      // What a fault or an operator drew stands in the note of the same event.
      if (hasNotes && /^[fo]:/.test(decision.group)) continue;
      const text = decisionWording(decision, this.nameOf);
      if (text !== undefined) this.add(event, text, 'main');
      else this.chosen(event);
    }
  }

  /** What a client chose to ask: the fact itself, which is of weight then. */
  private chosen(event: TraceEvent): void {
    for (const fact of event.history) {
      if (fact.kind === 'invoke') this.add(event, factWording(fact, this.nameOf), 'main');
    }
  }

  private news(event: TraceEvent | undefined): void {
    const news = this.log.news(this.words, this.nameOf);
    this.add(event, news?.text, news?.weight ?? 'side');
  }

  private add(event: TraceEvent | undefined, text: string | undefined, weight: Wording['weight']): void {
    if (text === undefined) return;
    const number = event?.number ?? 0;
    const isKnown = this.beats.some((beat) => beat.event === number && beat.text === text);
    if (!isKnown) this.beats.push({ event: number, timeMicros: event?.timeMicros ?? 0, text, weight });
  }
}

function keyOf({ group, detail, nth }: { group: string; detail: string; nth: number }): string {
  return `${group}#${nth}|${detail}`;
}

/** A fault that found nobody, or spared somebody, did nothing. */
function isTold(note: string): boolean {
  return !/ is skipped: | is spared: |^another fault still holds /.test(note);
}

/** Notes end with the entry of the plan that they come from. */
function withoutId(note: string): string {
  return note.replace(/ \([^()]*\)$/, '');
}
