/**
 * The run-time guard: while a simulation runs, ambient time, chance and scheduling throw.
 *
 * Installed once per thread, not per run. What a guard in JavaScript cannot catch: a reference taken before
 * it was installed (`const now = Date.now` at the top of a module loaded earlier), iteration order that
 * depends on history, inexact Math functions (they are legitimate elsewhere), and state kept in module
 * variables between runs. `--check-determinism` is there for those.
 */

import { AssertionError } from '../kernel/index.js';

let isActive = false;
let isInstalled = false;

/** Runs `body` with the guard up; nested calls are fine. */
export function withGuard<T>(body: () => T): T {
  if (!isInstalled) install();
  const before = isActive;
  isActive = true;
  try {
    return body();
  } finally {
    isActive = before;
  }
}

function refuse(name: string, instead: string): void {
  if (isActive) throw new AssertionError(`${name} was called inside a simulation; use ${instead}`);
}

type AnyFunction = (...parameters: unknown[]) => unknown;

function wrap(owner: object, key: string, name: string, instead: string): void {
  const original = (owner as Record<string, unknown>)[key];
  if (typeof original !== 'function') return;
  const guarded = function (this: unknown, ...parameters: unknown[]): unknown {
    refuse(name, instead);
    return (original as AnyFunction).apply(this, parameters);
  };
  Object.defineProperty(owner, key, { value: guarded, writable: true, configurable: true });
}

/** What is named here is replaced, and not used: none of it is called while a simulation runs. */
function install(): void {
  isInstalled = true;
  const clock = "the host's monotonicNow() or wallNow()";
  const timer = "the host's setTimer()";
  wrap(Math, 'random', 'Math.random', "the host's draw()");
  wrap(Date, 'now', 'Date.now', clock);
  wrap(performance, 'now', 'performance.now', clock);
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']) {
    wrap(globalThis, name, name, timer);
  }
  wrap(globalThis.crypto, 'getRandomValues', 'crypto.getRandomValues', "the host's draw()");
  wrap(globalThis.crypto, 'randomUUID', 'crypto.randomUUID', "the host's draw()");
  globalThis.Date = new Proxy(Date, {
    construct(target, parameters: unknown[], newTarget): object {
      if (parameters.length === 0) refuse('new Date()', clock);
      return Reflect.construct(target, parameters, newTarget) as object;
    },
    apply(target, self, parameters: unknown[]): unknown {
      refuse('Date()', clock);
      return Reflect.apply(target as unknown as AnyFunction, self, parameters);
    },
  });
}
