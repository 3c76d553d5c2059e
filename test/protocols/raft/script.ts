/**
 * Interaction scripts: a text of commands, each followed by what it caused. {@link runScript} returns the same
 * text with what the replicas in src really do.
 *
 * A line that begins with `> ` is a command; what it caused follows, one thing a line, indented by two; lines
 * that begin with `#`, and empty lines, are comments. n1 is process 0. Commands:
 *
 *   cluster 3 [of 5] [setting=value …]     3 members; of 5 processes
 *   disk n1 term 3 log 1 1 2               before `start`: its term, and the terms of its entries
 *   start                                  starts every server; then a second passes
 *   pass 100ms                             on every clock; no timer fires by itself
 *   tick n1 election                       a timer fires: election, heartbeat, snapshot, transfer
 *   deliver n1>n2 [kind|all]               the oldest message of the link (of this kind), or all there are now
 *   drop n1>n2 [kind]                      all of the link's messages (of this kind) are lost
 *   sync n2 [one]                          its disk operations complete; or only the oldest
 *   settle [n1 n2 …]                       delivers and syncs among these until nothing is left, and tells state
 *                                          changes and answers only; messages to others are lost
 *   propose n1 value                       a client writes
 *   read n1 mode [index]                   a client reads
 *   admin n1 do [name=value …]             an operator asks; values are numbers, true, n1, or n1,n2,n3
 *   crash n1                               only what was synced is left
 *   stop n1                                everything written is left
 *   restart n1                             with that
 *   show [n1 …]                            term, role, log, and what a leader knows of the others
 */

import type { Membership, Plain, ProtocolEvent, ReadMode } from '../../../src/kernel/index.js';
import { parseDuration } from '../../../src/kernel/index.js';
import type { Entry, RaftMessage } from '../../../src/protocols/raft/index.js';
import type { Act } from './fake-host.js';
import { Lab } from './lab.js';

/** Runs a script and returns it with what really happened. Throws for a line that is no command. */
export function runScript(text: string): string {
  const run = new ScriptRun();
  const lines: string[] = [];
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('> ')) {
      lines.push(line);
      try {
        lines.push(...run.perform(line.slice(2)).map((said) => `  ${said}`));
      } catch (error) {
        throw new Error(`${lines.slice(-20).join('\n')}\n${String(error)}`, { cause: error });
      }
    } else if (line === '' || line.startsWith('#')) lines.push(line);
    else if (!line.startsWith('  ')) throw new Error(`neither a command nor a comment: ${line}`);
  }
  return `${lines.join('\n')}\n`;
}

class ScriptRun {
  private lab: Lab | undefined = undefined;
  private said: string[] = [];
  /** True while messages between servers are not told. */
  private isBrief = false;
  private processes = 0;

  perform(command: string): string[] {
    this.said = [];
    this.isBrief = false;
    const [verb = '', ...words] = command.trim().split(/ +/);
    this.dispatch(verb, words);
    return this.said;
  }

  private dispatch(verb: string, words: readonly string[]): void {
    const [first = '', second] = words;
    switch (verb) {
      case 'cluster':
        return this.cluster(words);
      case 'disk':
        return this.disk(first, words);
      case 'start':
        return this.running().startAll();
      case 'pass':
        return this.running().pass(parseDuration(first, 'pass'));
      case 'tick':
        return this.running().fire(serverOf(first), second ?? 'election');
      case 'deliver':
        return this.deliver(first, second);
      case 'drop': {
        const [from, to] = linkOf(first);
        this.said.push(`lost: ${this.running().drop(from, to, second)}`);
        return;
      }
      case 'sync':
        return this.running().sync(serverOf(first), second === 'one');
      case 'settle':
        this.isBrief = true;
        return this.running().settle(this.among(words).filter((self) => this.running().isRunning(self)));
      case 'propose':
        return this.running().propose(serverOf(first), second ?? 'x');
      case 'read':
        return this.running().read(serverOf(first), second as ReadMode, Number(words[2] ?? 0));
      case 'admin':
        return this.running().admin(serverOf(first), actionOf(words.slice(1)));
      case 'crash':
        return this.running().stop(serverOf(first), 'synced');
      case 'stop':
        return this.running().stop(serverOf(first), 'written');
      case 'restart':
        return this.running().start(serverOf(first));
      case 'show':
        return this.show(this.among(words));
      default:
        throw new Error(`no command: ${verb}`);
    }
  }

  private cluster(words: readonly string[]): void {
    const members = Number(words[0]);
    const settings = words.filter((word) => word.includes('='));
    this.processes = words[1] === 'of' ? Number(words[2]) : members;
    this.lab = new Lab(
      this.processes,
      Array.from({ length: members }, (_, self) => self),
      Object.fromEntries(settings.map(pairOf)),
      (self, act) => this.tell(self, act),
    );
  }

  private disk(server: string, words: readonly string[]): void {
    const at = words.indexOf('log');
    const terms = at < 0 ? [] : words.slice(at + 1).map(Number);
    this.running().prepare(serverOf(server), Number(words[words.indexOf('term') + 1]), terms);
  }

  private deliver(link: string, kind: string | undefined): void {
    const [from, to] = linkOf(link);
    const lab = this.running();
    if (kind !== 'all') {
      if (!lab.deliver(from, to, kind)) throw new Error(`nothing to deliver: ${link} ${kind ?? ''}`);
      return;
    }
    while (lab.deliver(from, to, undefined));
  }

  private show(servers: readonly number[]): void {
    for (const self of servers) {
      if (!this.running().isRunning(self)) this.said.push(`${nameOf(self)}: down`);
      else this.said.push(...stateLines(self, this.running().state(self)));
    }
  }

  private among(words: readonly string[]): number[] {
    return words.length > 0 ? words.map(serverOf) : Array.from({ length: this.processes }, (_, self) => self);
  }

  private running(): Lab {
    if (this.lab === undefined) throw new Error('a script begins with: cluster');
    return this.lab;
  }

  private tell(self: number, act: Act): void {
    if (act.kind === 'halted') this.said.push(`${nameOf(self)}: halted: ${act.reason}`);
    else if (act.kind === 'event') {
      const line = eventLine(act.event);
      if (line !== undefined) this.said.push(`${nameOf(self)}: ${line}`);
    } else if (!this.isBrief || act.to >= this.processes) {
      this.said.push(`${nameOf(self)} -> ${nameOf(act.to)}: ${messageLine(act.message)}`);
    }
  }
}

// ---- words of a command ----

function serverOf(word: string): number {
  const number = /^n([1-9]\d*)$/.exec(word)?.[1];
  if (number === undefined) throw new Error(`no server: ${word}`);
  return Number(number) - 1;
}

function linkOf(word: string): [number, number] {
  const [from = '', to = ''] = word.split('>');
  return [serverOf(from), serverOf(to)];
}

function pairOf(word: string): [string, Plain] {
  const at = word.indexOf('=');
  return [word.slice(0, at), valueOf(word.slice(at + 1))];
}

function valueOf(text: string): Plain {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d+$/.test(text)) return Number(text);
  return /^n\d+$/.test(text) ? serverOf(text) : text;
}

/** Lists are the names that say so: an operator's voters and learners. */
function actionOf([verb = '', ...words]: readonly string[]): Plain {
  const fields = words.map((word): [string, Plain] => {
    const [name, value] = pairOf(word);
    if (name !== 'voters' && name !== 'learners') return [name, value];
    const text = word.slice(name.length + 1);
    return [name, text === '' ? [] : text.split(',').map(serverOf)];
  });
  return { do: verb, ...Object.fromEntries(fields) };
}

// ---- what happened, as text ----

function nameOf(process: number): string {
  if (process < 0) return 'nobody';
  if (process === 100) return 'client';
  return process === 101 ? 'operator' : `n${process + 1}`;
}

const namesOf = (members: readonly number[]): string => members.map(nameOf).join(' ');

function configurationText({ voters, outgoing, learners }: Membership): string {
  const parts = [`voters ${namesOf(voters)}`];
  if (outgoing.length > 0) parts.push(`outgoing ${namesOf(outgoing)}`);
  if (learners.length > 0) parts.push(`learners ${namesOf(learners)}`);
  return parts.join(', ');
}

function entryText({ index, term, command, system }: Entry): string {
  const place = `${index}/${term}`;
  if (system !== undefined) return `${place} ${system.kind}`;
  if (command === undefined) return `${place} no-op`;
  return `${place} ${(command.input as { value: string }).value}`;
}

function eventLine(event: ProtocolEvent): string | undefined {
  switch (event.kind) {
    case 'term-changed':
    case 'appended':
    case 'reached':
    case 'batch-executed':
    case 'tentatively-executed':
    case 'rolled-back':
    case 'denied':
    case 'proactive-recovery':
    case 'keys-refreshed':
      return undefined;
    case 'became-follower':
    case 'became-candidate':
    case 'became-pre-candidate':
    case 'became-leader':
      return `${event.kind} of term ${event.term}`;
    case 'truncated':
      return `truncated from ${event.index}`;
    case 'committed':
      return `committed ${event.index}`;
    case 'applied':
      return undefined;
    case 'recovered':
      return `recovered term ${event.term} last ${event.lastIndex}${event.trusted ? '' : ' not trusted'}`;
    case 'trust-regained':
      return `trust-regained last ${event.lastIndex}`;
    case 'configuration-changed':
      return `configuration ${event.index}: ${configurationText(event.configuration)}`;
    case 'snapshot-saved':
      return `snapshot-saved ${event.index}/${event.term}${event.received ? ' received' : ''}`;
    case 'snapshot-installed':
      return `snapshot-installed ${event.index}/${event.term}${event.received ? ' received' : ''}`;
    case 'snapshot-failed':
      return `snapshot-failed ${event.index}: ${event.reason}`;
    case 'compacted':
      return `compacted to ${event.index}`;
    case 'transfer-started':
      return `transfer-started to ${nameOf(event.to)}`;
    case 'transfer-ended':
      return `transfer-ended ${event.outcome}`;
    case 'version-activated':
      return `version-activated ${event.version}`;
    case 'rejected':
    case 'refused-to-run':
      return `${event.kind}: ${event.reason}`;
    case 'shadow-diverged':
      return `shadow-diverged at ${event.index}: ${event.text}`;
    case 'note':
      return `note: ${event.text}`;
  }
}

const granted = (isGranted: boolean): string => (isGranted ? 'granted' : 'refused');

function messageLine(message: RaftMessage): string {
  switch (message.kind) {
    case 'PreVote':
    case 'RequestVote': {
      const last = `last ${message.lastLogIndex}/${message.lastLogTerm}`;
      const transfer = message.kind === 'RequestVote' && message.isTransfer ? ' transfer' : '';
      return `${message.kind} term ${message.term} ${last}${transfer}`;
    }
    case 'PreVoteResponse':
    case 'RequestVoteResponse':
      return `${message.kind} term ${message.term} ${granted(message.granted)}`;
    case 'AppendEntries': {
      const { term, prevLogIndex, prevLogTerm, leaderCommit, round } = message;
      const entries = message.entries.map(entryText).join(', ');
      return `AppendEntries term ${term} round ${round} after ${prevLogIndex}/${prevLogTerm} commit ${leaderCommit} [${entries}]`;
    }
    case 'AppendEntriesResponse': {
      const { term, round, success, matchIndex, prevLogIndex, conflictTerm } = message;
      const start = `AppendEntriesResponse term ${term} round ${round}`;
      if (success) return `${start} match ${matchIndex}`;
      return `${start} refused after ${prevLogIndex}, try ${matchIndex}/${conflictTerm}`;
    }
    case 'InstallSnapshot': {
      const { term, header, offset, text, size } = message;
      return `InstallSnapshot term ${term} of ${header.index}/${header.term} piece ${offset}+${text.length} of ${size}`;
    }
    case 'InstallSnapshotResponse': {
      const { term, index, nextOffset, installed } = message;
      return `InstallSnapshotResponse term ${term} of ${index} ${installed ? 'installed' : `next ${nextOffset}`}`;
    }
    case 'TimeoutNow':
      return `TimeoutNow term ${message.term}`;
    case 'ReadIndexRequest':
      return `ReadIndexRequest term ${message.term} question ${message.id}`;
    case 'ReadIndexResponse':
      return `ReadIndexResponse term ${message.term} question ${message.id} index ${message.readIndex}`;
    case 'ClientRequest':
    case 'AdminRequest':
      return message.kind;
    case 'ClientReply': {
      const { sequence, status, result, index, hint } = message;
      const rest = status === 'ok' ? ` at ${index} ${JSON.stringify(result)}` : ` hint ${nameOf(hint)}`;
      return `ClientReply ${sequence} ${status}${rest}`;
    }
    case 'AdminReply':
      return `AdminReply ${message.id} ${message.status}${message.reason === '' ? '' : `: ${message.reason}`}`;
  }
}

type Shown = ReturnType<Lab['state']>;

function stateLines(self: number, state: Shown): string[] {
  const { role, currentTerm, votedFor, commitIndex, baseIndex, baseTerm, log, peers } = state;
  const terms = log.map(([, term]) => term).join(' ');
  const base = baseIndex > 0 ? `after ${baseIndex}/${baseTerm} ` : '';
  const lines = [
    `${nameOf(self)}: ${role} term ${currentTerm} vote ${nameOf(votedFor)} commit ${commitIndex} log ${base}[${terms}]`,
  ];
  for (const { member, state: progress, match, next, isWaiting } of peers) {
    const waiting = isWaiting ? ' waiting' : '';
    lines.push(
      `${nameOf(self)}: serves ${nameOf(member)}: ${progress} match ${match} next ${next}${waiting}`,
    );
  }
  return lines;
}
