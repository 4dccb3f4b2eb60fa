/** What an alert may be about: a closed list. */
export const ALERT_KINDS = [
  'leads_held',
  'workflow_task_failing',
  'queue_delay',
  'tenant_budget',
  'credits',
  'global_budget',
  'import_failed',
  'webhook_disabled',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const ALERT_SEVERITIES = ['warning', 'critical'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** An alert's life: it is raised, somebody may take it up, and it ends once. */
export const ALERT_STATUSES = ['raised', 'acknowledged', 'resolved'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

/** How an alert ended: what it told of is over, or a person said so. */
export const ALERT_RESOLUTIONS = ['cause_gone', 'person'] as const;
export type AlertResolution = (typeof ALERT_RESOLUTIONS)[number];

/** Whose alerts concern the whole installation: no tenant has this id, so no request ever acts in it. */
export const INSTALLATION = '00000000-0000-0000-0000-000000000000';

/** From when on something is worth an alert. */
export type AlertLimits = {
  /** Leads that websites themselves hold within a day. */
  heldLeads: number;
  /** How long work may wait to begin. */
  queueDelayMs: number;
  /** Failures in a row of a workflow's own step: well before a run is ended for them. */
  taskFailures: number;
};

/** The limits as the settings give them. */
export function alertLimitsOf(settings: {
  AGOS_ALERT_HELD_LEADS: number;
  AGOS_ALERT_QUEUE_DELAY_SECONDS: number;
}): AlertLimits {
  return {
    heldLeads: settings.AGOS_ALERT_HELD_LEADS,
    queueDelayMs: settings.AGOS_ALERT_QUEUE_DELAY_SECONDS * 1_000,
    taskFailures: 3,
  };
}

/** What becomes of an alert that somebody acknowledges or resolves: it changes, it is so already, or it may not. */
export function moveOf(from: AlertStatus, to: 'acknowledged' | 'resolved'): 'change' | 'stands' | 'refused' {
  if (from === to) return 'stands';
  return from === 'resolved' ? 'refused' : 'change';
}

/** One cause that stands now. */
export type Finding = {
  kind: AlertKind;
  /** What it is about, such as a hold code or a queue; with the kind it names the one alert that may be open. */
  subject: string;
  severity: AlertSeverity;
  /** One sentence or two: what is so, and what to do. */
  summary: string;
  /** How often it has come up since the open alert was last seen, or at all where none is open. */
  fresh: number;
  /** When it was last seen to come up. */
  seenAt: Date;
};

/** An alert that has not ended, as far as a pass needs it. */
export type OpenAlert = {
  id: string;
  kind: AlertKind;
  subject: string;
  summary: string;
  count: number;
  lastSeenAt: Date;
};

/** What is known before a pass looks: the open alerts, and when a person last resolved one, by key. */
export type Known = { open: ReadonlyMap<string, OpenAlert>; settled: ReadonlyMap<string, Date> };

/** Names a cause; one alert of each key is open at most. */
export const alertKey = ({ kind, subject }: { kind: AlertKind; subject: string }) => `${kind}/${subject}`;

export type AlertChanges = {
  raise: Finding[];
  update: { id: string; summary: string; count: number; lastSeenAt: Date }[];
  resolve: OpenAlert[];
};

/**
 * What one pass changes. A cause with an open alert counts up and raises nothing; an open alert whose cause
 * was looked for and not found ends; a kind that could not be looked at stays as it is.
 */
export function changesOf(
  open: ReadonlyMap<string, OpenAlert>,
  findings: readonly Finding[],
  looked: ReadonlySet<AlertKind>,
): AlertChanges {
  const found = new Map(findings.map((finding) => [alertKey(finding), finding]));
  const changes: AlertChanges = { raise: [], update: [], resolve: [] };
  for (const [key, finding] of found) {
    const alert = open.get(key);
    if (!alert) changes.raise.push(finding);
    else if (isNews(finding, alert)) {
      changes.update.push({
        id: alert.id,
        summary: finding.summary,
        count: alert.count + finding.fresh,
        lastSeenAt: finding.seenAt > alert.lastSeenAt ? finding.seenAt : alert.lastSeenAt,
      });
    }
  }
  for (const [key, alert] of open) {
    if (!found.has(key) && looked.has(alert.kind)) changes.resolve.push(alert);
  }
  return changes;
}

function isNews(finding: Finding, alert: OpenAlert): boolean {
  return finding.fresh > 0 || finding.seenAt > alert.lastSeenAt || finding.summary !== alert.summary;
}

/** What is new of a total that an open alert has counted up to some number. */
export const risenBy = (total: number, open: OpenAlert | undefined) =>
  Math.max(0, total - (open?.count ?? 0));

/**
 * The next millisecond after a moment, in milliseconds since 1970, and 0 without one: a moment of the database may
 * lie between two of ours, and would be new for ever.
 */
export const afterMs = (moment: Date | undefined): number => (moment ? moment.getTime() + 1 : 0);
