/**
 * What an option and a verb are. Parsing, help and shell completion all derive from tables of these, so
 * they cannot disagree; the types of parsed options derive from them as well.
 */

import { UsageError } from '../kernel/errors.js';
import type { ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** What a shell may offer for a word: the names of things, paths, or one of fixed words. */
export type Completion = 'scenario' | 'bug' | 'file' | 'folder' | readonly string[];

export interface OptionSpec<T> {
  /** Without the dashes, e.g. `check-determinism`. */
  readonly flag: string;
  /** Placeholder of its value; undefined for a switch. */
  readonly value: string | undefined;
  readonly description: string;
  readonly fallback: T;
  /** How the default reads in the help, when it is not obvious. */
  readonly fallbackText: string | undefined;
  readonly completion: Completion | undefined;
  /** Turns the text into the value; `before` holds what an earlier use of the option gave. */
  read(text: string, before: T): T;
}

// `any`, because a table holds options of all types, and a reader takes what it gives.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type OptionTable = Readonly<Record<string, OptionSpec<any>>>;

/** The parsed options of a table. Each key is its flag in camel case. */
export type Values<Table extends OptionTable> = {
  readonly [Key in keyof Table]: Table[Key] extends OptionSpec<infer T> ? T : never;
};

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly completion: Completion;
}

export type VerbAction<Table extends OptionTable> = (
  terminal: Terminal,
  words: readonly string[],
  options: Values<Table>,
) => ExitCode | Promise<ExitCode>;

export interface VerbSpec<Table extends OptionTable = OptionTable> {
  readonly name: string;
  readonly summary: string;
  readonly argument: ArgumentSpec | undefined;
  readonly options: Table;
  readonly examples: readonly string[];
  /** Imports the code of the verb: only what is asked for is loaded. */
  load(): Promise<VerbAction<Table>>;
}

/** Keeps the type of the verb's own table while it is checked. */
export function verb<Table extends OptionTable>(spec: VerbSpec<Table>): VerbSpec<Table> {
  return spec;
}

interface TextOption {
  readonly flag: string;
  readonly value: string;
  readonly description: string;
  readonly fallbackText?: string;
  readonly completion?: Completion;
}

/** An option without a value. */
export function flag(name: string, description: string): OptionSpec<boolean> {
  return {
    flag: name,
    value: undefined,
    description,
    fallback: false,
    fallbackText: undefined,
    completion: undefined,
    read: () => true,
  };
}

/** An option with a text. Without a default it is undefined when it is not given. */
export function text(option: TextOption): OptionSpec<string | undefined> {
  return parsed<string | undefined>(option, undefined, (value) => value);
}

/** An option that may be given many times. */
export function texts(option: TextOption): OptionSpec<readonly string[]> {
  return {
    ...parsed<readonly string[]>(option, [], () => []),
    read: (value, before) => [...before, value],
  };
}

/** An option whose text `read` understands; it throws UsageError, naming the option. */
export function parsed<T>(option: TextOption, fallback: T, read: (text: string) => T): OptionSpec<T> {
  return {
    flag: option.flag,
    value: option.value,
    description: option.description,
    fallback,
    fallbackText: option.fallbackText,
    completion: option.completion,
    read: (value) => read(value),
  };
}

/** A whole number in `min … max`. */
export function wholeNumber<T extends number | undefined>(
  option: TextOption,
  fallback: T,
  min: number,
  max: number,
): OptionSpec<number | T> {
  return parsed<number | T>(option, fallback, (value) =>
    readWholeNumber(`--${option.flag}`, value, min, max),
  );
}

/** Reads `text` as a whole number in `min … max`; throws UsageError. */
function readWholeNumber(place: string, value: string, min: number, max: number): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : -1;
  if (number >= min && number <= max) return number;
  throw new UsageError(
    'bad-value',
    `${place}: expected a whole number from ${min} to ${max}, got '${value}'`,
  );
}
