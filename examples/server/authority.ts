import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { Site } from './site.ts';

const DAY_MS = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export type CertificateRequest = {
  names: string[];
  notBefore: Date;
  notAfter: Date;
  /** Signed by its own key instead of the authority's. */
  selfSigned?: boolean;
};

/** A certificate with its private key, as node:tls takes them. */
export type IssuedCertificate = { cert: string; key: string };

export type Authority = {
  certificatePem: string;
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
};

/** Makes a certificate authority that lives in memory: nothing it signs is trusted beyond this process's users. */
export async function createAuthority(now: Date = new Date()): Promise<Authority> {
  const keys = await newKeys();
  const name = 'CN=AgOS Demo Authority, O=AgOS examples';
  const root = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: newSerial(),
      name,
      notBefore: daysFrom(now, -400),
      notAfter: daysFrom(now, 400),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return {
    certificatePem: root.toString('pem'),
    issue: (request) => issue(request, name, keys),
  };
}

/** What the authority is to issue so that a site shows the certificate its site.json names. */
export function certificateRequest(site: Site, now: Date): CertificateRequest {
  const names = [site.host, ...site.aliases];
  const term = { notBefore: daysFrom(now, -30), notAfter: daysFrom(now, 60) };
  switch (site.tls) {
    case 'expired':
      return { names, notBefore: daysFrom(now, -110), notAfter: daysFrom(now, -20) };
    case 'expiring':
      return { names, notBefore: daysFrom(now, -78), notAfter: daysFrom(now, 12) };
    case 'self_signed':
      return { names, ...term, selfSigned: true };
    case 'wrong_name':
      return { names: ['shared-hosting.example', '*.shared-hosting.example'], ...term };
    case 'valid':
    case 'none':
      return { names, ...term };
  }
}

async function issue(
  request: CertificateRequest,
  issuer: string,
  authority: CryptoKeyPair,
): Promise<IssuedCertificate> {
  const keys = await newKeys();
  const subject = `CN=${request.names[0]}`;
  const signer = request.selfSigned ? keys : authority;
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: newSerial(),
      subject,
      issuer: request.selfSigned ? subject : issuer,
      notBefore: request.notBefore,
      notAfter: request.notAfter,
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey: signer.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          request.names.map((value) => ({ type: 'dns' as const, value })),
        ),
        await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return { cert: certificate.toString('pem'), key: await privateKeyPem(keys.privateKey) };
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** Sixteen random bytes with a leading 01, so that the number is positive and of fixed length. */
function newSerial(): string {
  return `01${Buffer.from(crypto.getRandomValues(new Uint8Array(15))).toString('hex')}`;
}

function daysFrom(now: Date, days: number): Date {
  return new Date(now.getTime() + days * DAY_MS);
}
