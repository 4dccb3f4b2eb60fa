export { triageRoom } from './triage-room/workflow.ts';
