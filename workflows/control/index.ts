export { openMonth } from './open-month/workflow.ts';
