import { expect, test } from 'vitest';
import { certificateFault } from './certificate.ts';

test.each([
  'CERT_UNTRUSTED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNSPECIFIED',
  'EE certificate key too weak',
])('%s is said in a sentence without the code', (code) => {
  expect(certificateFault(code)).toMatch(/^[A-Z][a-z, ]+\.$/);
});
