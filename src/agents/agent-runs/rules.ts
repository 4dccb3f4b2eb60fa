/** An agent run's life. */
export const AGENT_RUN_STATUSES = ['running', 'completed', 'failed', 'cancelled'] as const;
export type AgentRunStatus = (typeof AGENT_RUN_STATUSES)[number];
