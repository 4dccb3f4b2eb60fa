import type { Hold, RunHoldCode } from '../../src/kernel/holds.ts';

/** A row whose run should be alive: whose it is, and which workflow works on it. */
export type InFlight = {
  tenant: string;
  principalId: string;
  runId: string;
  workflowId: string;
  /** Of the run itself: how many failures of its workflow's own step were noted last. */
  taskFailures?: number;
};

/** How an area finds its rows in flight, and what becomes of one whose workflow is gone. */
export type Reconciler<Row extends InFlight = InFlight> = {
  name: string;
  /** Rows that a workflow has claimed and not yet finished with. */
  findInFlight(): Promise<Row[]>;
  /** Gives the row back with this hold; it must do nothing when the run has finished with the row. */
  hold(row: Row, hold: Hold<RunHoldCode>): Promise<void>;
};
