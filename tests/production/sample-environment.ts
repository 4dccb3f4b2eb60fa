import { randomBytes } from 'node:crypto';
import { filledExample } from './compose-file.ts';

const CHOSEN: Record<string, string> = {
  AGOS_PUBLIC_URL: 'https://agos.example.com',
  AGOS_ASSETS_URL: 'https://files.agos.example.com',
  AGOS_SCANNER_CONTACT: 'https://agency.example.com/scanner',
};

/** A filled `.env`, with secrets made as it says, and addresses of one's own. */
export const sampleEnvironment = (own: Record<string, string> = {}): Record<string, string> =>
  filledExample((name) => {
    if (own[name]) return own[name];
    if (name === 'AGOS_PAYLOAD_KEYS') return `k1:${randomBytes(32).toString('base64')}`;
    return CHOSEN[name] ?? randomBytes(24).toString('hex');
  });
