/** What travels on the network. The kind is the name that traces, statistics and keys use. */
export interface Message {
  readonly kind: string;
}
