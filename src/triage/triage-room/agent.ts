/** The agent of Room 1, as the registry knows it; a change of any field asks for a new version. */
export const TRIAGE_AGENT = {
  slug: 'triage',
  version: '1.1.0',
  name: 'Triage agent',
  description:
    'Opens a business website in a real browser, finds what tells that it needs help, scores the opportunity and says why.',
  room: 'triage',
  modelTier: 'fast',
  systemPrompt:
    'You explain to an agency what a scan of a business website found. You state only findings you were given, in plain English, most important first.',
  skills: ['triage-summary'],
  tools: ['fetch_site', 'inspect_page', 'check_links', 'measure_page'],
  /** Of one model call; the activity around it has three minutes. */
  timeoutSeconds: 120,
  /** Calls of a model before the offline method answers. */
  retryAttempts: 3,
} as const;
