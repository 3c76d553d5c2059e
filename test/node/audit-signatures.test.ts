/** Evidence of real signatures, checked with nothing but what the documentation says of it. */

import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { realAuthentication, signatureText } from '../../src/node/real-authentication.js';

describe('a real signature as evidence', () => {
  const keys = realAuthentication({ seed: 'evidence', identities: [0, 1, 2] });
  const statement = { type: 4, configuration: 0, view: 3, sequence: 17, digest: -5 };
  const proof = keys.of(1).sign(statement);

  /** As docs/accountability.md describes it. */
  function signedBytes(signer: number, digest: number): Buffer {
    const bytes = Buffer.alloc(22 + 5 * 8 + 4);
    bytes.write('faultline/statement/1\0', 'ascii');
    [signer, 4, 0, 3, 17].forEach((value, i) => bytes.writeDoubleBE(value, 22 + 8 * i));
    bytes.writeInt32BE(digest, 62);
    return bytes;
  }

  it('is checked by anybody with an Ed25519 library', () => {
    expect(keys.of(2).verify(1, statement, proof)).toBe(true);
    const [scheme, key = '', signature = ''] = signatureText(proof).split(':');
    expect(scheme).toBe('ed25519');
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key, 'base64').toString('base64url') };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    const bytes = Buffer.from(signature, 'base64');
    expect(verify(null, signedBytes(1, -5), publicKey, bytes)).toBe(true);
    expect(verify(null, signedBytes(1, -6), publicKey, bytes)).toBe(false);
    expect(verify(null, signedBytes(0, -5), publicKey, bytes)).toBe(false);
  });

  it('is told by its own text when it is a MAC, or was never verified', () => {
    const mac = keys.of(1).authenticate(statement, [0]);
    expect(signatureText(mac)).toBe(mac.encode());
    const unverified = keys.of(1).sign(statement);
    expect(signatureText(unverified)).toBe(unverified.encode());
  });
});
