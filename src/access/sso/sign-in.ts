import { decodeJwt } from 'jose';
import { recordAudit } from '../../journal/audit-log/record.ts';
import { type Role, systemScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import { storableText } from '../../kernel/text.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { together } from '../../runtime/together.ts';
import {
  type Arrival,
  arrivalOf,
  type Identity,
  identityOf,
  notAMember,
  type Origin,
} from '../identity/identity.ts';
import { type Issuer, providerUnavailable, tokenInvalid, verifyJwt } from '../identity/tokens.ts';
import { revokeKeysMadeBy } from '../keys/revoke-made-by.ts';
import {
  countOthers,
  findPerson,
  followClaims,
  insertNewPerson,
  type MemberRow,
} from '../members/repository.ts';
import { lockTenant, type TenantRow } from '../tenants/repository.ts';
import { nameIn } from './claims.ts';
import { ProviderFault } from './provider-documents.ts';
import type { ProviderKeys } from './provider-keys.ts';
import { type ConnectionRow, findTrusted, type Trust } from './repository.ts';
import { type Claims, type Mapped, mapClaims } from './rules.ts';

/**
 * The arrival of who brings a token of an issuer that the named tenant trusts, in that tenant and no other;
 * null when it trusts no such issuer. Throws `token_invalid`, `identity_provider_unavailable` and, for whom
 * the mapping or a person refuses, `permission_denied`. Only who enters is written down.
 */
export type SignIn = (token: string, tenant: string, origin: Origin) => Promise<Arrival | null>;

export type SignInDeps = {
  db: Database;
  clock: Clock;
  keys: ProviderKeys;
  /** Issuers of the installation: their tokens never come here. */
  issuers: readonly Issuer[];
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Makes the way in by a tenant's own identity provider. Anybody can write a token that looks like one: issuers
 * that come while others are looked up are looked up by the next statement, together, as keys are.
 */
export function createSignIn(deps: SignInDeps): SignIn {
  const find = together((asked: readonly Trust[]) => findTrusted(deps.db, asked));
  const ofInstallation = new Set(deps.issuers.map(({ issuer }) => issuer));
  return async (token, wanted, origin) => {
    const issuer = issuerOf(token);
    if (issuer === null || ofInstallation.has(issuer) || !UUID.test(wanted)) return null;
    const trusted = await find({ tenantId: wanted, issuer });
    if (!trusted) return null;
    const claims = await verify(deps, token, trusted.connection);
    return admit({ ...deps, ...trusted, origin }, claims);
  };
}

function issuerOf(token: string): string | null {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' && iss === storableText(iss) ? iss : null;
  } catch {
    return null;
  }
}

async function verify(
  { keys, clock }: SignInDeps,
  token: string,
  connection: ConnectionRow,
): Promise<Claims & { sub: string }> {
  const { issuer, audience } = connection;
  try {
    return await verifyJwt(token, { keys: keys(connection), issuer, audience, now: clock.now() });
  } catch (error) {
    throw error instanceof ProviderFault ? providerUnavailable() : tokenInvalid();
  }
}

type Door = {
  db: Database;
  clock: Clock;
  connection: ConnectionRow;
  tenant: TenantRow;
  origin: Origin;
};

async function admit(door: Door, claims: Claims & { sub: string }): Promise<Arrival> {
  const { db, connection, tenant } = door;
  const scope = systemScope(tenant.id, connection.id);
  const person = { issuer: connection.issuer, subject: claims.sub };
  const known = await db.withTenant(scope, (tx) => findPerson(tx, tenant.id, person));
  // Whom a person has removed stays out until a person adds them again; a role that a person set stays.
  if (known?.removedAt) throw notAMember();
  if (known?.roleSource === 'manual') return arrivalOf(identityIn(tenant, known, known.role));
  const mapped = mapClaims(connection, claims);
  const { role } = mapped;
  if (role === null) {
    if (known) await takeKeysBack(door, known);
    throw notAMember();
  }
  const enter = async (): Promise<Identity> => {
    const member = known ? await follow(door, known, mapped) : await add(door, claims, mapped);
    return identityIn(tenant, member, member.roleSource === 'manual' ? member.role : role);
  };
  return { tenant, scope, enter };
}

/** Who may no longer come in keeps no key either: a lower role would have taken those above it. */
async function takeKeysBack(
  { db, clock, connection, tenant, origin }: Door,
  known: MemberRow,
): Promise<void> {
  const scope = systemScope(tenant.id, connection.id);
  await db
    .withTenant(scope, (tx) =>
      revokeKeysMadeBy({ tx, scope, ...origin, now: clock.now() }, { member: known.id }),
    )
    .catch(unlessUnavailable);
}

/** Makes the membership at the first token; of two that come at once, one makes it. */
async function add(door: Door, claims: Claims & { sub: string }, mapped: Mapped): Promise<MemberRow> {
  const { db, connection, tenant } = door;
  if (tenant.status !== 'active') throw notAMember();
  const person = { issuer: connection.issuer, subject: claims.sub };
  const scope = systemScope(tenant.id, connection.id);
  const member = await db.withTenant(scope, async (tx) => {
    const made = await insertNewPerson(tx, {
      tenantId: tenant.id,
      id: newId(),
      ...person,
      name: nameIn(claims),
      role: mapped.role as Role,
      roleSource: 'sso',
      createdBy: connection.id,
    });
    if (made) await record(door, tx, { action: 'member.added', member: made, mapped });
    return made ?? (await findPerson(tx, tenant.id, person));
  });
  if (!member || member.removedAt) throw notAMember();
  return member;
}

/**
 * Lets the stored role follow, and with a lower one the keys above it that the person made go; where nothing can
 * be written now, the request goes on with the mapped role.
 */
async function follow(door: Door, known: MemberRow, mapped: Mapped): Promise<MemberRow> {
  const role = mapped.role as Role;
  if (known.role === role) return known;
  const { db, clock, connection, tenant, origin } = door;
  const scope = systemScope(tenant.id, connection.id);
  const changed = await db
    .withTenant(scope, async (tx) => {
      await lockTenant(tx, tenant.id);
      if (known.role === 'owner' && !(await hasAnotherOwner(tx, known))) return null;
      const row = await followClaims(tx, tenant.id, known.id, role);
      if (!row) return findPerson(tx, tenant.id, known);
      const revokedKeys = await revokeKeysMadeBy(
        { tx, scope, ...origin, now: clock.now() },
        { member: row.id, above: role },
      );
      const what = { action: 'member.changed', member: row, mapped };
      await record(door, tx, { ...what, changed: { from: known.role, revoked_keys: revokedKeys } });
      return row;
    })
    .catch(unlessUnavailable);
  if (changed?.removedAt) throw notAMember();
  return changed ?? known;
}

/** A tenant keeps an owner in its list; the last one's request has the mapped role all the same. */
async function hasAnotherOwner(tx: Tx, { tenantId, id }: MemberRow): Promise<boolean> {
  return (await countOthers(tx, tenantId, id, 'owner')) > 0;
}

function unlessUnavailable(error: unknown): null {
  if (error instanceof AgosError && error.code.startsWith('database_')) return null;
  throw error;
}

async function record(
  { connection, origin }: Door,
  tx: Tx,
  what: {
    action: string;
    member: MemberRow;
    mapped: Mapped;
    changed?: { from: Role; revoked_keys: number };
  },
): Promise<void> {
  const { member, mapped, changed } = what;
  const scope = systemScope(member.tenantId, connection.id);
  await recordAudit(
    { tx, scope, ...origin },
    {
      action: what.action,
      resourceType: 'member',
      resourceId: member.id,
      details: {
        role: member.role,
        ...changed,
        sso_connection: connection.id,
        version: connection.version,
        rule: mapped.rule ?? 'default',
      },
    },
  );
}

function identityIn(tenant: TenantRow, member: MemberRow, role: Role): Identity {
  return identityOf({ tenant, principal: { kind: 'member', id: member.id, name: member.name }, role });
}
