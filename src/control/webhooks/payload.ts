import type { EventRow } from '../events/repository.ts';
import { toEventView } from '../events/schemas.ts';
import type { DeliveryRow } from './deliveries.ts';
import { TEST_EVENT } from './rules.ts';

/** The body of a delivery, the same at every attempt: what the API itself shows of the event, and nothing more. */
export function payloadOf(delivery: DeliveryRow, event: EventRow | null): string {
  const timestamp = delivery.eventAt.toISOString();
  const data = event ? toEventView(event) : { endpoint_id: delivery.endpointId };
  return JSON.stringify({ type: event?.type ?? TEST_EVENT, timestamp, data });
}
