/** Who holds a lock: a process, said so that others can see whether it is still there. */

import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { excerpt } from '../kernel/index.js';

export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as the system counts: numbers of processes are used again. Empty: unknown. */
  readonly start: string;
  /** Where its number counts: containers may share a name of the host, and count for themselves. Empty: unknown. */
  readonly namespace: string;
}

/** This process. */
export function ownHolder(): Holder {
  const { pid } = process;
  return { pid, host: hostname(), start: startOf(pid), namespace: ownNamespace() };
}

/** What a lock says. */
export function readHolder(path: string): Holder | 'no-lock' | 'unreadable' {
  try {
    const { pid, host, start, namespace = '' } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    if (!Number.isInteger(pid)) return 'unreadable';
    return { pid: Number(pid), host: String(host), start: String(start), namespace: String(namespace) };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no-lock' : 'unreadable';
  }
}

/** Whether they are the same process. */
export function isSameHolder(a: Holder, b: Holder): boolean {
  return a.pid === b.pid && a.host === b.host && a.start === b.start && a.namespace === b.namespace;
}

/** Of a process on another machine, or in another container, nothing can be known. */
export function isThere(holder: Holder): boolean {
  const { pid, host, start } = holder;
  if (host !== hostname() || isElsewhere(holder)) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return startOf(pid) === start;
}

/** For errors: `process 7 on host`. */
export function nameOfHolder(holder: Holder): string {
  const { pid, host } = holder;
  if (host !== hostname()) return `process ${pid} on ${excerpt(host)}`;
  return isElsewhere(holder) ? `process ${pid} of another container` : `process ${pid}`;
}

/** Locks of older versions say nothing of it. */
function isElsewhere({ namespace }: Holder): boolean {
  return namespace !== '' && namespace !== ownNamespace();
}

/** Linux alone has any. */
function ownNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Field 22 of what Linux says of a process; the second one, its name, may have spaces in it. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
