import type { Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { readEvents } from '../events/repository.ts';
import { insertDeliveries } from './deliveries.ts';
import { type EndpointRow, lockEndpointIfFree, noteEndpoint } from './repository.ts';

const PAGE_EVENTS = 500;

/**
 * Makes the deliveries of what happened since an endpoint's cursor and moves the cursor, in one transaction:
 * no event is skipped and none is taken twice. True when there is more; an endpoint that another transaction
 * has is left to it.
 */
export async function takeEvents(tx: Tx, tenant: string, endpointId: string): Promise<boolean> {
  const endpoint = await lockEndpointIfFree(tx, tenant, endpointId);
  if (!endpoint) return false;
  const { rows, reached, more } = await readEvents(tx, tenant, filterOf(endpoint), {
    after: endpoint.cursorSeq,
    limit: PAGE_EVENTS,
  });
  if (reached === endpoint.cursorSeq) return false;
  await insertDeliveries(
    tx,
    rows.map((event) => ({
      tenantId: tenant,
      id: newId(),
      endpointId,
      eventId: event.id,
      eventSeq: event.seq,
      eventType: event.type,
      eventAt: event.at,
    })),
  );
  await noteEndpoint(tx, endpoint, { cursorSeq: reached });
  return more;
}

const filterOf = ({ eventTypes }: EndpointRow) => (eventTypes ? { types: eventTypes } : {});
