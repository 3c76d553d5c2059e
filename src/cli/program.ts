/**
 * From the table of verbs to commander, and from whatever ends a run of the command line to an exit code.
 * Bad input prints one line and perhaps a hint, and exits with 2; only a mistake in Faultline itself
 * prints a stack, and exits with 70.
 *
 * Whatever is imported here delays even `--help`: hence single files of the kernel, not all of it.
 */

import { setImmediate } from 'node:timers/promises';
import { Command, CommanderError, Option, type OutputConfiguration } from 'commander';
import { UsageError } from '../kernel/errors.js';
import { didYouMean, suggestion } from '../kernel/nearest.js';
import { excerpt } from '../kernel/units.js';
import { ExitCode } from './exit-codes.js';
import { reasonOf } from '../node/system-errors.js';
import { reportError } from './report-error.js';
import type { OptionSpec, OptionTable, Values, VerbSpec } from './spec.js';
import { Terminal } from './terminal.js';
import { VERBS } from './verbs.js';

const HELP_WIDTH = 80;
const HELP = 'help';

interface Invocation {
  readonly verb: VerbSpec;
  readonly words: readonly string[];
  readonly options: Values<OptionTable>;
}

/** Runs one command line, prints what it has to say, and returns the exit code. Never throws. */
export async function runCommandLine(argv: readonly string[], version: string): Promise<ExitCode> {
  const terminal = new Terminal(process.stdout, process.stderr, process.env, asksForJson(argv));
  let verb = '';
  let code: ExitCode;
  try {
    const invocation = await parse(argv, version, terminal);
    if (invocation === undefined) return ExitCode.passed;
    verb = invocation.verb.name;
    const action = await invocation.verb.load();
    code = await action(terminal, invocation.words, invocation.options);
  } catch (error) {
    code = reportError(terminal, error);
  }
  terminal.clearProgress();
  terminal.emitSummary(verb, code);
  // A stream tells its errors a little later.
  await setImmediate();
  if (terminal.failed === undefined) return code;
  terminal.note(`faultline: stdout: expected a place to write, got ${reasonOf(terminal.failed)}`);
  return ExitCode.usage;
}

/** The verb with its words and options; undefined when the help or the version was all. */
async function parse(
  argv: readonly string[],
  version: string,
  terminal: Terminal,
): Promise<Invocation | undefined> {
  requireVerb(argv);
  let found: Invocation | undefined;
  const output: OutputConfiguration = {
    writeOut: (text) => terminal.print(text.trimEnd()),
    writeErr: () => undefined,
    outputError: () => undefined,
    getOutHelpWidth: () => HELP_WIDTH,
    getErrHelpWidth: () => HELP_WIDTH,
  };
  const program = createProgram(version, output, (invocation) => (found = invocation));
  if (argv.length === 0) {
    program.outputHelp();
    return undefined;
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw asUsageError(error);
    return undefined;
  }
  return found;
}

/** Before commander looks at it, which answers `rnu --help` with the help of all, and `help rnu` not at all. */
function requireVerb(argv: readonly string[]): void {
  const words = argv.filter((word) => !word.startsWith('-'));
  const word = words[0] === HELP ? words[1] : words[0];
  const names = VERBS.map(({ name }) => name);
  if (word === undefined || word === HELP || names.includes(word)) return;
  const hint = suggestion(word, [...names, HELP]) ?? "see 'faultline --help'";
  throw new UsageError('unknown-command', `unknown command '${excerpt(word)}'`, hint);
}

function createProgram(
  version: string,
  output: OutputConfiguration,
  onVerb: (invocation: Invocation) => void,
): Command {
  const program = new Command('faultline')
    .description('Run replicated systems against every fault, each run from one seed.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(`${HELP} [verb]`, 'print the help of a verb')
    .configureOutput(output)
    .configureHelp({ optionDescription: ({ description }) => description })
    .exitOverride()
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  faultline tour',
        '  faultline run raft/leader-partition --seeds 1..100',
        '  faultline list bugs',
        '',
        'Exit codes: 0 passed, 1 violated, 2 bad usage, 3 not deterministic, 4 bound',
        'reached, 5 stalled, 70 internal error, 130 interrupted.',
      ].join('\n'),
    );
  for (const verb of VERBS) program.addCommand(createCommand(verb, output, onVerb));
  return program;
}

function createCommand(
  verb: VerbSpec,
  output: OutputConfiguration,
  onVerb: (invocation: Invocation) => void,
): Command {
  const command = new Command(verb.name)
    .description(verb.summary)
    .helpOption('-h, --help', 'print this help')
    .configureOutput(output)
    .configureHelp({ optionDescription: ({ description }) => description })
    .exitOverride()
    .allowExcessArguments(false);
  const { argument } = verb;
  if (argument !== undefined) {
    const word = `${argument.name}${argument.variadic ? '...' : ''}`;
    command.argument(argument.required ? `<${word}>` : `[${word}]`, argument.description);
  }
  for (const option of Object.values(verb.options)) command.addOption(createOption(option));
  if (verb.examples.length > 0) {
    command.addHelpText('after', ['', 'Examples:', ...verb.examples.map((line) => `  ${line}`)].join('\n'));
  }
  return command.action((...given: unknown[]) => {
    const first = argument === undefined ? [] : given[0];
    const words = (Array.isArray(first) ? first : [first]).filter((word) => typeof word === 'string');
    onVerb({ verb, words, options: command.opts() });
  });
}

function createOption(spec: OptionSpec<unknown>): Option {
  const value = spec.value === undefined ? '' : ` <${spec.value}>`;
  const fallback = spec.fallbackText === undefined ? '' : ` (default: ${spec.fallbackText})`;
  const option = new Option(`--${spec.flag}${value}`, `${spec.description}${fallback}`);
  if (spec.value !== undefined) option.argParser((text, before) => spec.read(text, before));
  option.defaultValue = spec.fallback;
  return option;
}

/** commander's own messages, in the words and with the exit code of the house. */
function asUsageError(error: CommanderError): UsageError {
  const text = error.message.replace(/^error: /, '');
  const [message = text, near] = text.split(/\n\(Did you mean (.*)\?\)$/);
  const code = error.code
    .replace(/^commander\./, '')
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const words = near?.replace(/^one of /, '');
  const hint = words === undefined ? "see 'faultline --help'" : didYouMean(words);
  return new UsageError(code, message, hint);
}

/** Known before parsing, so that an error of parsing can be told in JSON too. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? undefined : end).includes('--json');
}
