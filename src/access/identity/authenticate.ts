import { and, eq, isNull } from 'drizzle-orm';
import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../runtime/database/database.ts';
import { createKeyVerifier } from '../keys/verify-key.ts';
import { members } from '../members/tables.ts';
import type { SignIn } from '../sso/sign-in.ts';
import { tenants } from '../tenants/tables.ts';
import { type Arrival, arrivalOf, type Identity, identityOf, notAMember, type Origin } from './identity.ts';
import { type Person, tokenInvalid } from './tokens.ts';

export type AuthenticateDeps = {
  db: Database;
  clock: Clock;
  verifyToken(token: string, now: Date): Promise<Person>;
  /** Lets in who comes with a token of an issuer that the named tenant trusts for itself. */
  signIn: SignIn;
};

/** Says who sends requests: an API key, or a person by JWT in one of their tenants. */
export function createAuthenticate(
  deps: AuthenticateDeps,
): (request: Request, origin: Origin) => Promise<Arrival> {
  const verifyKey = createKeyVerifier(deps.db);
  return async (request, origin) => {
    const token = bearerToken(request);
    const wanted = request.headers.get('agos-tenant');
    if (token.startsWith('agos_')) {
      const identity = await verifyKey(token, deps.clock.now());
      if (!identity) throw tokenInvalid();
      if (wanted !== null && wanted !== identity.tenant.id) throw notAMember();
      return arrivalOf(identity);
    }
    const signedIn = wanted === null ? null : await deps.signIn(token, wanted, origin);
    if (signedIn) return signedIn;
    const person = await deps.verifyToken(token, deps.clock.now());
    return arrivalOf(chooseMembership(await membershipsOf(deps.db, person), wanted));
  };
}

function bearerToken(request: Request): string {
  const header = request.headers.get('authorization');
  if (header === null) {
    throw new AgosError('token_missing', 'Send an API key or a token: `Authorization: Bearer <key>`.');
  }
  const token = /^Bearer +([\x21-\x7e]{1,8192})$/i.exec(header)?.[1];
  if (!token) throw tokenInvalid();
  return token;
}

async function membershipsOf(db: Database, person: Person): Promise<Identity[]> {
  const found = await db.withSystem('members_by_identity', (tx) =>
    tx
      .select({ member: members, tenant: tenants })
      .from(members)
      .innerJoin(tenants, eq(tenants.id, members.tenantId))
      .where(
        and(
          eq(members.issuer, person.issuer),
          eq(members.subject, person.subject),
          isNull(members.removedAt),
          isNull(tenants.deletedAt),
        ),
      ),
  );
  return found.map(({ member, tenant }) => {
    const principal = { kind: 'member' as const, id: member.id, name: member.name };
    return identityOf({ tenant, principal, role: member.role });
  });
}

/** A tenant may make anybody its member without asking them: which one is meant is for the person to say. */
function chooseMembership(memberships: Identity[], wanted: string | null): Identity {
  if (wanted === null && memberships.length > 0) {
    throw new AgosError(
      'invalid_request',
      'Name the tenant in AgOS-Tenant: a token alone does not say which.',
      {
        field: 'AgOS-Tenant',
        tenants: memberships.map(({ tenant }) => ({ id: tenant.id, name: tenant.name })),
      },
    );
  }
  const chosen = memberships.find(({ tenant }) => tenant.id === wanted);
  if (!chosen) throw notAMember();
  return chosen;
}
