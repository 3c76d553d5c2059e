/**
 * What is left of a sentence about a run without what differs from run to run: processes, numbers with their signs,
 * quoted texts, and how many numbers or texts a list has.
 */
export function skeletonOf(sentence: string): string {
  return (
    sentence
      .replace(/"[^"]*"|'[^']*'/g, '…')
      .replace(/\b[nc]\d+\b/g, 'p')
      // A minus right after a word joins, as in `shard-3`: it is no sign.
      .replace(/(?:(?<!\w)-)?\b(?:[0-9a-f]{8,}|\d+(?:\.\d+)*)\b/g, '#')
      .replace(/([#…])(?:, \1)+/g, '$1')
  );
}
