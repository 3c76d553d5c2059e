/**
 * Maps by the sequence numbers of one client. Those that are of interest at a time lie close together, so a
 * sequence has its place by its lowest bits: looking one up costs one comparison. What finds its place taken,
 * because the code under test numbers in another way, is kept aside in a Map.
 */

const PLACES_MIN = 16;
/** Beyond this many places, sequences that collide are kept aside. */
const PLACES_MAX = 1 << 16;
/** No client has this number; whoever asks for it all the same is told what is aside. */
const FREE = -1;
/** A number that these bits leave as it is is whole, not negative, and fits a place. */
const PLACEABLE = 0x7fffffff;

export class SequenceMap<Value> {
  /** By place: the sequence that has it; {@link FREE}: none. */
  private sequences = new Int32Array(PLACES_MIN).fill(FREE);
  private values = new Array<Value | undefined>(PLACES_MIN).fill(undefined);
  private aside: Map<number, Value> | undefined = undefined;

  get(sequence: number): Value | undefined {
    const place = sequence & (this.sequences.length - 1);
    if (this.sequences[place] === sequence && sequence !== FREE) return this.values[place];
    return this.aside === undefined ? undefined : this.aside.get(sequence);
  }

  set(sequence: number, value: Value): void {
    const place = sequence & (this.sequences.length - 1);
    const owner = this.sequences[place];
    if ((owner !== sequence && owner !== FREE) || sequence !== (sequence & PLACEABLE)) {
      this.setElsewhere(sequence, value);
      return;
    }
    this.sequences[place] = sequence;
    this.values[place] = value;
    if (this.aside !== undefined) this.aside.delete(sequence);
  }

  delete(sequence: number): void {
    const place = sequence & (this.sequences.length - 1);
    if (this.sequences[place] === sequence && sequence !== FREE) {
      this.sequences[place] = FREE;
      this.values[place] = undefined;
    } else if (this.aside !== undefined) this.aside.delete(sequence);
  }

  /** An independent copy that shares the values. */
  clone(): SequenceMap<Value> {
    const copy = new SequenceMap<Value>();
    copy.sequences = this.sequences.slice();
    copy.values = this.values.slice();
    copy.aside = this.aside === undefined ? undefined : new Map(this.aside);
    return copy;
  }

  private setElsewhere(sequence: number, value: Value): void {
    if (sequence !== (sequence & PLACEABLE) || this.sequences.length >= PLACES_MAX) {
      (this.aside ??= new Map<number, Value>()).set(sequence, value);
      return;
    }
    this.double();
    this.set(sequence, value);
  }

  /** Sequences that have places of their own now still do then. */
  private double(): void {
    const { sequences, values } = this;
    const length = sequences.length * 2;
    this.sequences = new Int32Array(length).fill(FREE);
    this.values = new Array<Value | undefined>(length).fill(undefined);
    for (let i = 0; i < sequences.length; i++) {
      const sequence = sequences[i] as number;
      if (sequence === FREE) continue;
      this.sequences[sequence & (length - 1)] = sequence;
      this.values[sequence & (length - 1)] = values[i];
    }
  }
}
