/**
 * A user's own protocol: `module: ./mine.js#export` of a scenario, imported, checked against the contract,
 * and named by the hash of its file, so that a trace can tell which code it belongs to.
 *
 * The hash covers the module's own file, not what that imports in turn.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { UsageError, excerpt, suggestion, type Protocol } from '../kernel/index.js';
import {
  buggyImplementation,
  builtInImplementation,
  type Implementation,
} from '../simulator/implementation.js';
import { checkProtocol, userImplementation } from '../simulator/user-protocol.js';
import type { Scenario } from '../scenario/index.js';
import { fileProblem } from './file-errors.js';
import { realAuthentication } from './real-authentication.js';

export interface LoadedModule {
  readonly protocol: Protocol;
  /** As the scenario has it: an absolute path, `#`, the export. */
  readonly specifier: string;
  /** sha256 of the module's file, in hexadecimal digits. */
  readonly hash: string;
}

export interface LoadedImplementation {
  readonly implementation: Implementation;
  readonly module: LoadedModule | undefined;
}

/** What a scenario runs: correct built-in code, a bug of the zoo, or a user's module; with real cryptography. */
export async function loadImplementation(
  scenario: Scenario,
  bug: string | undefined,
): Promise<LoadedImplementation> {
  const { implementation, module } = await loadCode(scenario, bug);
  return { implementation: withCryptography(implementation), module };
}

/** The implementation, fit for scenarios that say `authentication: real` as well. */
export function withCryptography(implementation: Implementation): Implementation {
  return { ...implementation, authentication: realAuthentication };
}

async function loadCode(scenario: Scenario, bug: string | undefined): Promise<LoadedImplementation> {
  const { module } = scenario.protocol;
  if (bug !== undefined) {
    if (module === undefined)
      return { implementation: buggyImplementation(scenario, bug), module: undefined };
    throw new UsageError(
      'bug-of-other-protocol',
      `bug ${bug}: ${scenario.name} runs a protocol of its own (${module})`,
    );
  }
  if (module === undefined) return { implementation: builtInImplementation(scenario), module: undefined };
  const loaded = await loadModule(module);
  return { implementation: userImplementation(scenario, loaded.protocol), module: loaded };
}

/** Imports `PATH#EXPORT` and checks that the export is a protocol; throws UsageError. */
export async function loadModule(specifier: string): Promise<LoadedModule> {
  const { path, name } = partsOf(specifier);
  const hash = hashOfModule(specifier);
  const exports = await importModule(path);
  return { protocol: protocolOf(exports, name, path), specifier, hash };
}

/** The hash of the file that `PATH#EXPORT` names, which is not run for that; throws UsageError. */
export function hashOfModule(specifier: string): string {
  const { path } = partsOf(specifier);
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (error) {
    throw fileProblem(error, path, 'the module of the protocol');
  }
}

/** Of `PATH#EXPORT`; a path may have the mark in it as well. */
function partsOf(specifier: string): { readonly path: string; readonly name: string } {
  const mark = specifier.lastIndexOf('#');
  const path = specifier.slice(0, mark);
  const name = specifier.slice(mark + 1);
  if (mark >= 1 && name !== '') return { path, name };
  throw new UsageError(
    'bad-module',
    `protocol.module: expected a path and an export, got '${excerpt(specifier)}'`,
    'for example ./mine.js#myProtocol',
  );
}

/** The error as bad input, when a user's module is what threw it. */
export function blame(module: string | undefined, error: unknown): unknown {
  if (module === undefined || error instanceof UsageError) return error;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const place = error instanceof Error ? /\n\s+at (.*)/.exec(error.stack ?? '')?.[1] : undefined;
  return new UsageError(
    'bad-protocol',
    `${excerpt(module, 300)}: expected a protocol that works, got ${excerpt(text, 300)}`,
    place === undefined ? undefined : `thrown at ${excerpt(place, 300)}`,
  );
}

async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const hint = /\.[cm]?tsx?$/.test(path)
      ? 'compile TypeScript first, and name the JavaScript file'
      : undefined;
    throw new UsageError(
      'bad-module',
      `protocol.module: ${path} cannot be imported: ${excerpt(text, 300)}`,
      hint,
    );
  }
}

function protocolOf(exports: Readonly<Record<string, unknown>>, name: string, path: string): Protocol {
  const names = Object.keys(exports);
  if (!names.includes(name)) {
    const hint = suggestion(name, names) ?? `it exports ${names.join(', ') || 'nothing'}`;
    throw new UsageError('bad-module', `protocol.module: ${path} exports no '${name}'`, hint);
  }
  return checkProtocol(exports[name], `${path}#${name}`);
}
