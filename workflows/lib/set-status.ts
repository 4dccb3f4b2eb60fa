import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { SEARCH_KEYS } from './search-keys.ts';

/** Shows the workflow's state in the Web UI: `status` can be searched for, `details` is prose in Markdown. */
export function setStatus(status: string, details?: string): void {
  upsertSearchAttributes([{ key: SEARCH_KEYS.status, value: status }]);
  if (details !== undefined) setCurrentDetails(details);
}
