/** Every workflow of AgOS, one line for each area: what the bundle holds. */
export * from './control/index.ts';
export * from './journal/index.ts';
export * from './leads/index.ts';
export * from './triage/index.ts';
