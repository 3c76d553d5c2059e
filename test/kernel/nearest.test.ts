// Hints for slips: what is near, what is not, what is no slip.

import { describe, expect, it } from 'vitest';
import { nearest, suggestion } from '../../src/kernel/nearest.js';

const WORDS = ['quorum', 'heartbeat', 'leader'];

describe('nearest', () => {
  it.each([
    ['a letter too few', 'hartbeat', 'heartbeat'],
    ['two letters swapped', 'qourum', 'quorum'],
    ['capital letters', 'Leader', 'leader'],
    ['a short word, two letters off', 'leab', undefined],
    ['a word that is near none', 'snapshot', undefined],
    ['no word', '', undefined],
  ])('%s', (_, word, expected) => {
    expect(nearest(word, WORDS)).toBe(expected);
  });

  it('takes the first of two that are as near', () => {
    expect(nearest('lad', ['lid', 'led'])).toBe('lid');
  });
});

describe('suggestion', () => {
  it('asks for the nearest word', () => {
    expect(suggestion('hartbeat', WORDS)).toBe("did you mean 'heartbeat'?");
  });

  it.each([
    ['the word itself', 'quorum'],
    ['a word that is near none', 'snapshot'],
    ['a number', 7],
    ['nothing', undefined],
    ['a text too long for a word', 'quorum'.repeat(50)],
  ])('is silent about %s', (_, word) => {
    expect(suggestion(word, [...WORDS, 'quorum'.repeat(50).slice(1)])).toBeUndefined();
  });
});
