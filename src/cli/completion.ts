/**
 * `faultline completion`: scripts for bash, zsh and fish, written from the table of verbs. Names of
 * scenarios and bugs are asked for when they are needed.
 */

import { ExitCode } from './exit-codes.js';
import { oneOf, type completionOptions } from './option-table.js';
import type { Completion, OptionSpec, VerbAction, VerbSpec } from './spec.js';
import { SHELLS } from './words.js';

/** The verb, for these verbs. */
export function completionOf(verbs: readonly VerbSpec[]): VerbAction<typeof completionOptions> {
  return async (terminal, words) => {
    const shell = oneOf('SHELL', words[0] ?? '', SHELLS);
    const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](verbs);
    if (terminal.json) terminal.emit('completion', { shell, script });
    else terminal.print(script.trimEnd());
    return ExitCode.passed;
  };
}

const flagsOf = (verb: VerbSpec): string[] => [
  ...Object.values(verb.options).map(({ flag }) => `--${flag}`),
  '--help',
];

/** Options with a value that the shell can offer something for. */
const offering = (verb: VerbSpec): (OptionSpec<unknown> & { readonly completion: Completion })[] =>
  Object.values(verb.options).flatMap((option: OptionSpec<unknown>) =>
    option.completion === undefined ? [] : [{ ...option, completion: option.completion }],
  );

const takingAnything = (verb: VerbSpec): OptionSpec<unknown>[] =>
  Object.values(verb.options).filter(
    (option: OptionSpec<unknown>) => option.value !== undefined && option.completion === undefined,
  );

function bashScript(verbs: readonly VerbSpec[]): string {
  const offer = (wanted: Completion): string => {
    if (wanted === 'scenario')
      return 'COMPREPLY=( $(compgen -W "$(faultline list scenarios --names 2>/dev/null)" -- "$cur") $(compgen -f -X "!*.yaml" -- "$cur") )';
    if (wanted === 'bug')
      return 'COMPREPLY=( $(compgen -W "$(faultline list bugs --names 2>/dev/null)" -- "$cur") )';
    if (wanted === 'file') return 'COMPREPLY=( $(compgen -f -- "$cur") )';
    if (wanted === 'folder') return 'COMPREPLY=( $(compgen -d -- "$cur") )';
    return `COMPREPLY=( $(compgen -W "${wanted.join(' ')}" -- "$cur") )`;
  };
  const verbCase = (verb: VerbSpec): string[] => [
    `    ${verb.name})`,
    '      case "$prev" in',
    ...offering(verb).map(({ flag, completion: wanted }) => `        --${flag}) ${offer(wanted)}; return ;;`),
    ...takingAnything(verb).map(({ flag }) => `        --${flag}) return ;;`),
    '      esac',
    `      if [[ "$cur" == -* ]]; then COMPREPLY=( $(compgen -W "${flagsOf(verb).join(' ')}" -- "$cur") ); return; fi`,
    ...(verb.argument === undefined ? [] : [`      ${offer(verb.argument.completion)}`]),
    '      ;;',
  ];
  return [
    '# bash completion of faultline; load it with: source <(faultline completion bash)',
    '_faultline() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"',
    '  COMPREPLY=()',
    `  if [[ $COMP_CWORD -eq 1 ]]; then COMPREPLY=( $(compgen -W "${verbs.map(({ name }) => name).join(' ')} help --help --version" -- "$cur") ); return; fi`,
    '  case "${COMP_WORDS[1]}" in',
    ...verbs.flatMap(verbCase),
    '  esac',
    '}',
    'complete -F _faultline faultline',
  ].join('\n');
}

const inZshQuotes = (text: string): string =>
  text.replaceAll("'", "'\\''").replaceAll('[', '(').replaceAll(']', ')').replaceAll(':', '\\:');

function zshScript(verbs: readonly VerbSpec[]): string {
  const action = (wanted: Completion | undefined): string => {
    if (wanted === undefined) return ' ';
    if (wanted === 'scenario') return '_faultline_scenarios';
    if (wanted === 'bug') return '_faultline_bugs';
    if (wanted === 'file') return '_files';
    return wanted === 'folder' ? '_files -/' : `(${wanted.join(' ')})`;
  };
  const option = ({ flag, value, description, completion: wanted }: OptionSpec<unknown>): string => {
    const given = value === undefined ? '' : `:${value}:${action(wanted)}`;
    return `        '--${flag}[${inZshQuotes(description)}]${given}' \\`;
  };
  const verbCase = (verb: VerbSpec): string[] => [
    `    ${verb.name})`,
    '      _arguments \\',
    ...Object.values(verb.options).map((spec: OptionSpec<unknown>) => option(spec)),
    ...(verb.argument === undefined
      ? []
      : [
          `        '${verb.argument.variadic ? '*' : '1'}:${verb.argument.name}:${action(verb.argument.completion)}' \\`,
        ]),
    "        '--help[print this help]'",
    '      ;;',
  ];
  return [
    '#compdef faultline',
    '# zsh completion of faultline; save it as _faultline in a folder of $fpath',
    '_faultline_scenarios() { compadd -- ${(f)"$(faultline list scenarios --names 2>/dev/null)"}; _files -g "*.yaml" }',
    '_faultline_bugs() { compadd -- ${(f)"$(faultline list bugs --names 2>/dev/null)"} }',
    '_faultline() {',
    '  if (( CURRENT == 2 )); then',
    '    local -a verbs=(',
    ...verbs.map(({ name, summary }) => `      '${name}:${inZshQuotes(summary)}'`),
    '    )',
    '    _describe verb verbs',
    '    return',
    '  fi',
    '  local verb=${words[2]}',
    '  shift words; (( CURRENT-- ))',
    '  case $verb in',
    ...verbs.flatMap(verbCase),
    '  esac',
    '}',
    '# Autoloaded from $fpath, this file is the function itself; sourced, it has to be registered.',
    'if [[ $funcstack[1] == _faultline ]]; then _faultline "$@"; else compdef _faultline faultline; fi',
  ].join('\n');
}

function fishScript(verbs: readonly VerbSpec[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const offer = (wanted: Completion): string => {
    if (wanted === 'scenario')
      return "-f -a '(faultline list scenarios --names 2>/dev/null; __fish_complete_suffix .yaml)'";
    if (wanted === 'bug') return "-f -a '(faultline list bugs --names 2>/dev/null)'";
    if (wanted === 'file') return '-F';
    return wanted === 'folder'
      ? "-f -a '(__fish_complete_directories)'"
      : `-f -a ${quoted(wanted.join(' '))}`;
  };
  const lines = ['# fish completion of faultline', 'complete -c faultline -f'];
  for (const verb of verbs) {
    const when = `-n '__fish_seen_subcommand_from ${verb.name}'`;
    lines.push(`complete -c faultline -n __fish_use_subcommand -a ${verb.name} -d ${quoted(verb.summary)}`);
    for (const option of Object.values(verb.options) as OptionSpec<unknown>[]) {
      const value = option.value === undefined ? '' : ' -r';
      const words = option.completion === undefined ? '' : ` ${offer(option.completion)}`;
      lines.push(
        `complete -c faultline ${when} -l ${option.flag}${value}${words} -d ${quoted(option.description)}`,
      );
    }
    if (verb.argument !== undefined)
      lines.push(`complete -c faultline ${when} ${offer(verb.argument.completion)}`);
  }
  return lines.join('\n');
}
