export { importLeads } from './import-leads/workflow.ts';
