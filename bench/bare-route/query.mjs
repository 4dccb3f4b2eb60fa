import postgres from 'postgres';

/** What both bare servers answer with: one query, no row-level security, the same JSON as our route's rows. */
export function openQuery() {
  const sql = postgres(process.env.BARE_DATABASE_URL, { max: 10, onnotice: () => undefined });
  const list = async (tenant) => {
    const rows =
      await sql`select id, url, domain, company_name, industry, notes, metadata, source, batch_id, status,
      status_changed_at, current_room, score, reasons, hold_code, hold_message, hold_since, awaiting,
      latest_audit_id, current_run_id, created_by, assigned_to, version, created_at, updated_at
      from leads where tenant_id = ${tenant} and deleted_at is null
      order by created_at desc, id desc limit 20`;
    return { data: rows.map(toView) };
  };
  return { list, close: () => sql.end({ timeout: 5 }) };
}

function toView({ hold_code, hold_message, hold_since, score, ...row }) {
  return {
    ...row,
    score: score === null ? null : Number(score),
    hold: hold_code === null ? null : { code: hold_code, message: hold_message, since: hold_since },
  };
}
