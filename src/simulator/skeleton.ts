/** What is left of a sentence about a run without what differs from run to run: processes, numbers, quoted texts. */
export function skeletonOf(sentence: string): string {
  return sentence
    .replace(/"[^"]*"|'[^']*'/g, '…')
    .replace(/\b[nc]\d+\b/g, 'p')
    .replace(/\b(?:[0-9a-f]{8,}|\d+(?:\.\d+)*)\b/g, '#');
}
