import { readTemporalTarget } from '../../../temporal/connection.ts';
import { createTestActivities } from './activities.ts';
import { startTestWorker } from './worker.ts';

/** A worker in a process of its own, for tests that kill it; prints what its activities do. */
const seen = Object.assign([], { push: (line: string) => (process.stdout.write(`${line}\n`) ? 1 : 0) });
await startTestWorker({ target: readTemporalTarget(), activities: createTestActivities(seen as string[]) });
process.stdout.write('ready\n');
