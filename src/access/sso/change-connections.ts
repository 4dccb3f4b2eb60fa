import { recordAudit } from '../../journal/audit-log/record.ts';
import { AgosError } from '../../kernel/errors.ts';
import { type IsAllowed, judgeUrl } from '../../runtime/egress/address.ts';
import { newId } from '../../runtime/ids.ts';
import type { Issuer } from '../identity/tokens.ts';
import { type MemberContext, requireGrant } from '../members/change-members.ts';
import { lockTenant } from '../tenants/repository.ts';
import {
  type ConnectionChange,
  type ConnectionRow,
  changeConnectionRow,
  countConnections,
  findConnection,
  insertConnection,
} from './repository.ts';
import { type Mapping, rolesOf } from './rules.ts';

/** What of the installation limits which issuers a tenant may name. */
export type IssuerRules = { isAllowed?: IsAllowed; issuers: readonly Issuer[] };

export type NewConnectionInput = Pick<
  ConnectionRow,
  'name' | 'issuer' | 'audience' | 'enabled' | 'rules' | 'defaultRole' | 'mayGrantOwner'
>;

const MOST_CONNECTIONS = 10;

/** Adds a connection; throws `conflict` for an issuer that is trusted already, `validation_failed` and URL codes. */
export async function createConnection(
  ctx: MemberContext,
  input: NewConnectionInput,
  rules: IssuerRules,
): Promise<ConnectionRow> {
  const { tx, scope } = ctx;
  requireIssuer(input.issuer, rules);
  requireMapping(ctx, input);
  await lockTenant(tx, scope.tenant);
  if ((await countConnections(tx, scope.tenant)) >= MOST_CONNECTIONS) {
    throw new AgosError('conflict', `A tenant has ${MOST_CONNECTIONS} connections at most.`);
  }
  const made = await insertConnection(tx, {
    tenantId: scope.tenant,
    id: newId(),
    ...input,
    createdBy: scope.actor.id,
  });
  if (!made) throw new AgosError('conflict', 'There is a connection for this issuer.', { field: 'issuer' });
  await record(ctx, 'sso_connection.created', made.id, { issuer: made.issuer, enabled: made.enabled });
  return made;
}

/** Changes a connection; from the next token on the new mapping counts. */
export async function changeConnection(
  ctx: MemberContext,
  input: { id: string; change: ConnectionChange },
): Promise<ConnectionRow> {
  const before = await lockConnection(ctx, input.id);
  ctx.checkVersion(before.version);
  requireMapping(ctx, { ...before, ...input.change });
  const after = await changeConnectionRow(ctx.tx, ctx.scope.tenant, before.id, input.change);
  const fields = Object.keys(input.change);
  await record(ctx, 'sso_connection.changed', after.id, { fields, enabled: after.enabled });
  return after;
}

/** Removes a connection: tokens of its issuer let nobody in any more; members stay in the list. */
export async function removeConnection(ctx: MemberContext, input: { id: string }): Promise<void> {
  const { id, issuer } = await lockConnection(ctx, input.id);
  await changeConnectionRow(ctx.tx, ctx.scope.tenant, id, { removedAt: ctx.now });
  await record(ctx, 'sso_connection.removed', id, { issuer });
}

async function lockConnection(ctx: MemberContext, id: string): Promise<ConnectionRow> {
  await lockTenant(ctx.tx, ctx.scope.tenant);
  const found = await findConnection(ctx.tx, ctx.scope.tenant, id);
  if (!found) throw new AgosError('not_found', 'There is no such connection.');
  return found;
}

function requireIssuer(issuer: string, { isAllowed = () => false, issuers }: IssuerRules): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  if (url?.protocol !== 'https:' || url.search !== '' || url.hash !== '' || /[?#]/.test(issuer)) {
    throw new AgosError('validation_failed', 'An issuer is an https address without query or fragment.', {
      field: 'issuer',
    });
  }
  judgeUrl(url, isAllowed, 'issuer');
  if (!issuers.some((one) => one.issuer === issuer)) return;
  const sentence = 'This issuer is trusted by the installation already: add its people as members.';
  throw new AgosError('conflict', sentence, { field: 'issuer' });
}

/** A mapping hands out roles: its maker may give only what they could give by hand, and owner only on purpose. */
function requireMapping(ctx: MemberContext, mapping: Mapping & { mayGrantOwner: boolean }): void {
  for (const role of new Set(rolesOf(mapping))) {
    requireGrant(ctx, role);
    if (role !== 'owner' || mapping.mayGrantOwner) continue;
    throw new AgosError('validation_failed', 'Claims may make owners only when "may_grant_owner" is true.', {
      field: 'may_grant_owner',
    });
  }
}

async function record(
  ctx: MemberContext,
  action: string,
  id: string,
  details: Record<string, unknown>,
): Promise<void> {
  await recordAudit(ctx, { action, resourceType: 'sso_connection', resourceId: id, details });
}
