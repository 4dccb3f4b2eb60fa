import type { Room } from '../../kernel/rooms.ts';

/** The 12 statuses of a lead (seed 000, section 2.4); there is no thirteenth. */
export const LEAD_STATUSES = [
  'new',
  'scanning',
  'qualified',
  'disqualified',
  'designing',
  'mockup_ready',
  'presenting',
  'negotiating',
  'closed_won',
  'closed_lost',
  'active_client',
  'churned',
] as const;

export type LeadStatus = (typeof LEAD_STATUSES)[number];

const TRANSITIONS: Record<LeadStatus, readonly LeadStatus[]> = {
  new: ['scanning'],
  scanning: ['qualified', 'disqualified', 'new'],
  qualified: ['designing', 'scanning'],
  disqualified: ['scanning'],
  designing: ['mockup_ready', 'qualified'],
  mockup_ready: ['presenting', 'designing'],
  presenting: ['negotiating', 'closed_lost'],
  negotiating: ['closed_won', 'closed_lost'],
  closed_won: ['active_client'],
  closed_lost: ['new'],
  active_client: ['churned'],
  churned: ['new'],
};

/** Whether a lead in `from` may move to `to`. */
export function canMove(from: LeadStatus, to: LeadStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

const ROOM_OF: Record<LeadStatus, Room | null> = {
  new: null,
  scanning: 'triage',
  qualified: 'triage',
  disqualified: 'triage',
  designing: 'architect',
  mockup_ready: 'architect',
  presenting: 'discovery',
  negotiating: 'discovery',
  closed_won: 'discovery',
  closed_lost: 'discovery',
  active_client: 'guardian',
  churned: 'guardian',
};

/** The room that a lead in this status is in, or null before its first. */
export function roomOf(status: LeadStatus): Room | null {
  return ROOM_OF[status];
}

/** What a lead whose score waits for a person asks, and until when. */
export type Awaiting = { decision: 'triage_score'; approval_id: string; until: string };
