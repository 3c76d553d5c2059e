/** Fixed words that verbs take. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export const LISTS = ['scenarios', 'bugs', 'invariants'] as const;
