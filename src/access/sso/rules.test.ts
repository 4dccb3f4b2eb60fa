import { expect, test } from 'vitest';
import { type MappingRule, mapClaims, valuesAt } from './rules.ts';

const rules: MappingRule[] = [
  { claim: ['groups'], values: ['agos-admins', 'it'], role: 'admin' },
  { claim: ['realm_access', 'roles'], values: ['sales'], role: 'operator' },
  { claim: ['https://acme.example/staff'], values: ['true'], role: 'viewer' },
];
const mapped = (claims: Record<string, unknown>) => mapClaims({ rules, defaultRole: null }, claims);

test('the first rule that matches decides, in lists, in nested claims, by names with dots', () => {
  expect(mapped({ groups: ['a', 'it'], realm_access: { roles: ['sales'] } })).toMatchObject({
    role: 'admin',
    rule: 0,
  });
  expect(mapped({ groups: 'agos-admins' })).toMatchObject({ role: 'admin', rule: 0 });
  expect(mapped({ realm_access: { roles: ['sales'] } })).toMatchObject({ role: 'operator', rule: 1 });
  expect(mapped({ 'https://acme.example/staff': true })).toMatchObject({ role: 'viewer', rule: 2 });
});

test('values match whole and letter by letter, and nothing else matches', () => {
  for (const groups of [
    'AGOS-ADMINS',
    'agos-admins ',
    'it,x',
    ['IT'],
    [['it']],
    { it: true },
    null,
    1,
    undefined,
  ]) {
    expect(mapped({ groups }), JSON.stringify(groups)).toEqual({
      role: null,
      decidedBy: 'nothing',
      rule: null,
    });
  }
  expect(mapped({ 'realm_access.roles': ['sales'] }).role).toBeNull();
  expect(mapped({ realm_access: [{ roles: ['sales'] }] }).role).toBeNull();
});

test('without a match the default decides, where there is one', () => {
  expect(mapClaims({ rules, defaultRole: 'viewer' }, {})).toEqual({
    role: 'viewer',
    decidedBy: 'default',
    rule: null,
  });
});

test('what every object inherits is no claim', () => {
  expect(valuesAt(['constructor', 'name'], {})).toEqual([]);
  expect(valuesAt(['__proto__'], JSON.parse('{"__proto__": "it"}'))).toEqual(['it']);
  expect(valuesAt(['length'], { length: 3 })).toEqual(['3']);
  expect(valuesAt(['groups', 'length'], { groups: ['a'] })).toEqual([]);
});
