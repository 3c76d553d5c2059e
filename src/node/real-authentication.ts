/**
 * Real cryptography in place of ideal tokens: signatures are Ed25519 (RFC 8032), MACs are HMAC-SHA-256 cut to 64
 * bits, one for each receiver (Castro and Liskov, TOCS 2002). All keys follow from the seed of the run, and
 * neither scheme draws anything, so a run is the same run as with ideal proofs, only slower.
 *
 * Left out: how keys get to those who need them. That is what {@link Authenticator.learnKeys} stands for.
 */

import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';
import {
  assert,
  isStatement,
  type Authentication,
  type KeyAssignment,
  type ProcessId,
  type Proof,
  type Statement,
} from '../kernel/index.js';
import {
  KeyedAuthenticator,
  MacKeys,
  ProcessKeys,
  macText,
  signatureText as statedText,
} from '../world/index.js';

/** What stands before the 32 bytes of an Ed25519 seed in its PKCS #8 form (RFC 8410, §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const MAC_BYTES = 8;

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Keys by what they are for, each derived when it is first needed. Shared by the forks of a run. */
class KeyStore {
  private readonly pairs = new Map<ProcessId, KeyPair>();
  private readonly macKeys = new Map<string, Buffer>();

  constructor(private readonly seed: string) {}

  pair(identity: ProcessId): KeyPair {
    const known = this.pairs.get(identity);
    if (known !== undefined) return known;
    const der = Buffer.concat([PKCS8_PREFIX, this.derive(`sign/${identity}`)]);
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const pair = { privateKey, publicKey: createPublicKey(privateKey) };
    this.pairs.set(identity, pair);
    return pair;
  }

  macKey(sender: ProcessId, receiver: ProcessId, epoch: number): Buffer {
    const name = `mac/${sender}/${receiver}/${epoch}`;
    let key = this.macKeys.get(name);
    if (key === undefined) this.macKeys.set(name, (key = this.derive(name)));
    return key;
  }

  private derive(name: string): Buffer {
    return createHmac('sha256', this.seed).update(`faultline/key/${name}`).digest();
  }
}

/** What is signed: a domain, then signer and statement, each in a place of its own. */
const DOMAIN = Buffer.from('faultline/statement/1\0', 'ascii');
const scratch = Buffer.alloc(DOMAIN.length + 5 * 8 + 4);
scratch.set(DOMAIN);

/** Valid until the next call. Whole numbers of up to 53 bits are exact as doubles. */
function bytesOf(signer: ProcessId, statement: Statement): Buffer {
  let at = DOMAIN.length;
  at = scratch.writeDoubleBE(signer + 0, at);
  at = scratch.writeDoubleBE(statement.type + 0, at);
  at = scratch.writeDoubleBE(statement.configuration + 0, at);
  at = scratch.writeDoubleBE(statement.view + 0, at);
  at = scratch.writeDoubleBE(statement.sequence + 0, at);
  scratch.writeInt32BE(statement.digest, at);
  return scratch;
}

function equals(a: Statement, b: Statement): boolean {
  return (
    a.digest === b.digest &&
    a.sequence === b.sequence &&
    a.view === b.view &&
    a.type === b.type &&
    a.configuration === b.configuration
  );
}

function copyOf({ type, configuration, view, sequence, digest }: Statement): Statement {
  return { type, configuration, view, sequence, digest };
}

/** Known to this file alone: a proof gives away its class, and nobody else shall make one of garbage. */
const MAKER = Symbol('maker of proofs');

class Signature implements Proof {
  readonly signer: ProcessId;
  readonly #signer: ProcessId;
  /** What it is about: for its text, and for what is remembered; a verifier is told by whoever asks. */
  readonly #statement: Statement;
  readonly #bytes: Uint8Array;
  /** The key that has verified it, for its own signer and statement. They never change, so nor does the answer. */
  #verifiedBy: KeyObject | undefined = undefined;

  constructor(maker: symbol, signer: ProcessId, statement: Statement, bytes: Uint8Array) {
    assert(maker === MAKER, 'proofs are made by authenticators');
    this.signer = signer;
    this.#signer = signer;
    this.#statement = copyOf(statement);
    this.#bytes = bytes;
  }

  static is(proof: object): proof is Signature {
    return #bytes in proof;
  }

  verifies(signer: ProcessId, statement: Statement, key: KeyObject): boolean {
    const isOwn = signer === this.#signer && equals(statement, this.#statement);
    if (isOwn && this.#verifiedBy === key) return true;
    const isRight = verify(null, bytesOf(signer, statement), key, this.#bytes);
    if (isRight && isOwn) this.#verifiedBy = key;
    return isRight;
  }

  /** The signature's own bytes. */
  static bytesOf(proof: Signature): Uint8Array {
    return proof.#bytes;
  }

  /** The key that has verified it. */
  static keyOf(proof: Signature): KeyObject | undefined {
    return proof.#verifiedBy;
  }

  encode(): string {
    return statedText(this.#signer, this.#statement);
  }
}

class Mac implements Proof {
  readonly signer: ProcessId;
  readonly #signer: ProcessId;
  readonly #statement: Statement;
  /** By receiver, in ascending order. */
  readonly #tags: ReadonlyMap<ProcessId, Uint8Array>;
  readonly #epochs: readonly number[];

  constructor(
    maker: symbol,
    signer: ProcessId,
    statement: Statement,
    tags: ReadonlyMap<ProcessId, Uint8Array>,
    epochs: readonly number[],
  ) {
    assert(maker === MAKER, 'proofs are made by authenticators');
    this.signer = signer;
    this.#signer = signer;
    this.#statement = copyOf(statement);
    this.#tags = tags;
    this.#epochs = epochs;
  }

  static is(proof: object): proof is Mac {
    return #tags in proof;
  }

  verifies(signer: ProcessId, statement: Statement, receiver: ProcessId, key: Buffer): boolean {
    const tag = this.#tags.get(receiver);
    return tag !== undefined && timingSafeEqual(tag, tagOf(key, bytesOf(signer, statement)));
  }

  encode(): string {
    return macText(this.#signer, this.#statement, [...this.#tags.keys()], this.#epochs);
  }
}

function tagOf(key: Buffer, bytes: Buffer): Uint8Array {
  return createHmac('sha256', key).update(bytes).digest().subarray(0, MAC_BYTES);
}

class RealAuthenticator extends KeyedAuthenticator {
  constructor(
    private readonly store: KeyStore,
    process: ProcessId,
    keys: MacKeys,
  ) {
    super(process, keys);
  }

  override sign(statement: Statement): Proof {
    assert(isStatement(statement), 'a statement is five whole numbers');
    const { identity } = this;
    const { privateKey } = this.store.pair(identity);
    const bytes = sign(null, bytesOf(identity, statement), privateKey);
    return new Signature(MAKER, identity, statement, bytes);
  }

  override authenticate(statement: Statement, receivers: readonly ProcessId[]): Proof {
    assert(isStatement(statement), 'a statement is five whole numbers');
    const { identity, keys, store } = this;
    const epochs = keys.knownTo(this.process);
    const identities = receivers.map((receiver) => keys.identityOf(receiver)).sort((a, b) => a - b);
    const tags = new Map<ProcessId, Uint8Array>();
    const bytes = bytesOf(identity, statement);
    for (const receiver of identities) {
      tags.set(receiver, tagOf(store.macKey(identity, receiver, epochs[receiver] as number), bytes));
    }
    return new Mac(MAKER, identity, statement, tags, epochs);
  }

  override verify(signer: ProcessId, statement: Statement, proof: Proof): boolean {
    const { identity, keys, store } = this;
    const sender = keys.identities[signer];
    if (sender === undefined || !isStatement(statement) || !isObject(proof)) return false;
    if (Signature.is(proof)) return proof.verifies(sender, statement, store.pair(sender).publicKey);
    if (!Mac.is(proof)) return false;
    return proof.verifies(sender, statement, identity, store.macKey(sender, identity, this.keyEpoch));
  }

  override verifySignature(signer: ProcessId, statement: Statement, proof: Proof): boolean {
    return isObject(proof) && Signature.is(proof) && this.verify(signer, statement, proof);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** For scenarios that say `authentication: real`. */
export function realAuthentication({ seed, identities }: KeyAssignment): Authentication {
  const store = new KeyStore(seed);
  return new ProcessKeys(
    new MacKeys(identities),
    (process, keys) => new RealAuthenticator(store, process, keys),
  );
}

/**
 * A proof as evidence: `ed25519:KEY:SIGNATURE` for a real signature that was verified, both in base64, the public key
 * as 32 bytes. Anybody can check it with any Ed25519 library; docs/accountability.md says what bytes are signed. Of
 * an ideal proof, its own text.
 */
export function signatureText(proof: Proof): string {
  const key = Signature.is(proof) ? Signature.keyOf(proof) : undefined;
  if (key === undefined) return proof.encode();
  const { x = '' } = key.export({ format: 'jwk' });
  const publicKey = Buffer.from(x, 'base64url').toString('base64');
  return `ed25519:${publicKey}:${Buffer.from(Signature.bytesOf(proof as Signature)).toString('base64')}`;
}
