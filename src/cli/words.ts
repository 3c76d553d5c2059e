/** Fixed words that verbs take. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export const LISTS = ['scenarios', 'bugs', 'invariants'] as const;
/** Names of the models of recorded histories; the judges themselves are loaded when they are asked for. */
export const HISTORY_MODEL_NAMES = [
  'register',
  'kv',
  'queue',
  'set',
  'lock',
  'bank',
  'transactions',
  'stream',
  'sessions',
] as const;
