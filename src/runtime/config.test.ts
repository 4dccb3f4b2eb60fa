import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test.each(['https://agency.example/scanner?lang=en', 'http://agency.example', 'ops@agency.example'])(
  'the scanner may name %s as its contact',
  (contact) => {
    expect(readConfig({ AGOS_SCANNER_CONTACT: contact }).AGOS_SCANNER_CONTACT).toBe(contact);
  },
);

test.each([
  '',
  'agency.example',
  'javascript:alert(1)',
  'ftp://agency.example/',
  'https://',
  'https://agency.example/(scanner)',
  'https://agency.example/ scanner',
  'https://agency.example/\r\nx-other: 1',
  'https://agency.example/\u0000',
  'https://agentur.example/größe',
  'ops@agency.example) Googlebot',
  `https://agency.example/${'x'.repeat(300)}`,
])('the contact %j stops the process with a sentence that names the setting', (contact) => {
  expect(() => readConfig({ AGOS_SCANNER_CONTACT: contact })).toThrow(/^AGOS_SCANNER_CONTACT: must be/);
});

const BUCKET = { AGOS_S3_BUCKET: 'files', AGOS_S3_REGION: 'eu-central-1' };

test('a bucket with a region is enough for S3; keys, endpoint and encryption are for those who need them', () => {
  expect(readConfig(BUCKET)).toMatchObject({ ...BUCKET, AGOS_S3_PATH_STYLE: false });
  const endpoint = { AGOS_S3_ENDPOINT: 'https://s3.example', AGOS_S3_PATH_STYLE: 'on' };
  const keys = { AGOS_S3_ACCESS_KEY_ID: 'id', AGOS_S3_SECRET_ACCESS_KEY: 'secret' };
  const encryption = { AGOS_S3_ENCRYPTION: 'aws:kms', AGOS_S3_KMS_KEY_ID: 'alias/files' };
  expect(readConfig({ ...BUCKET, ...endpoint, ...keys, ...encryption }).AGOS_S3_PATH_STYLE).toBe(true);
});

test('a build without its deployment stops the process, and so does a deployment without its build', () => {
  expect(readConfig({ AGOS_DEPLOYMENT: 'agos', AGOS_BUILD_ID: '1' }).AGOS_BUILD_ID).toBe('1');
  expect(() => readConfig({ AGOS_BUILD_ID: '1' })).toThrow(/^AGOS_DEPLOYMENT and AGOS_BUILD_ID/);
  expect(() => readConfig({ AGOS_DEPLOYMENT: 'agos' })).toThrow(/^AGOS_DEPLOYMENT and AGOS_BUILD_ID/);
});

test.each<[Record<string, string>, RegExp]>([
  [{ AGOS_S3_REGION: 'eu-central-1' }, /^AGOS_S3_BUCKET must be set beside AGOS_S3_REGION/],
  [{ AGOS_S3_PATH_STYLE: 'on' }, /^AGOS_S3_BUCKET must be set beside AGOS_S3_PATH_STYLE/],
  [{ AGOS_S3_BUCKET: 'files' }, /^AGOS_S3_REGION must be set/],
  [{ ...BUCKET, AGOS_S3_ACCESS_KEY_ID: 'id' }, /^AGOS_S3_ACCESS_KEY_ID and AGOS_S3_SECRET_ACCESS_KEY/],
  [{ ...BUCKET, AGOS_S3_SECRET_ACCESS_KEY: 's' }, /^AGOS_S3_ACCESS_KEY_ID and AGOS_S3_SECRET_ACCESS_KEY/],
  [{ ...BUCKET, AGOS_S3_KMS_KEY_ID: 'k' }, /^AGOS_S3_KMS_KEY_ID needs/],
  [{ ...BUCKET, AGOS_S3_BUCKET: '' }, /^AGOS_S3_BUCKET/],
  [{ ...BUCKET, AGOS_S3_ENDPOINT: 'ftp://s3.example' }, /^AGOS_S3_ENDPOINT/],
  [{ ...BUCKET, AGOS_S3_PREFIX: 'a/../b' }, /^AGOS_S3_PREFIX: must be one name/],
  [{ ...BUCKET, AGOS_S3_PREFIX: '..' }, /^AGOS_S3_PREFIX: must be one name/],
  [{ ...BUCKET, AGOS_S3_ENCRYPTION: 'yes' }, /^AGOS_S3_ENCRYPTION/],
])('a store that is half given stops the process with a sentence: %o', (environment, sentence) => {
  expect(() => readConfig(environment)).toThrow(sentence);
});
