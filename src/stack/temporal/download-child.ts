// Started by download.ts: argument 1 is the folder that the SDK downloads its server into.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir: process.argv[2]! }, ui: false },
});
await environment.teardown();
process.exit(0);
