import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Keeps signing secrets at rest: who has the database alone cannot read them. */
export type SecretSeal = {
  /** `owner` is bound in: a sealed secret opens for nobody else's endpoint. */
  seal(secret: string, owner: string): string;
  /** Throws when it was sealed with another key, for another owner, or changed. */
  open(sealed: string, owner: string): string;
};

const CIPHER = 'aes-256-gcm';
const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Makes the seal over a key that is derived from the server's secret; another server secret opens nothing. */
export function createSecretSeal(signingSecret: string): SecretSeal {
  const key = Buffer.from(hkdfSync('sha256', signingSecret, '', 'agos webhook secrets', 32));
  return {
    seal: (secret, owner) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(owner));
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `${VERSION}.${Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url')}`;
    },
    open: (text, owner) => {
      const [version, content = ''] = text.split('.');
      if (version !== VERSION) throw new Error('sealed in a way that is not known');
      const bytes = Buffer.from(content, 'base64url');
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(-TAG_BYTES));
      const sealed = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
      return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
    },
  };
}
