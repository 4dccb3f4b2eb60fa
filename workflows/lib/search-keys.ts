import { defineSearchAttributeKey } from '@temporalio/common';

/** The search attributes that every workflow of AgOS carries: plain ids and words, never personal data. */
export const SEARCH_KEYS = {
  tenant: defineSearchAttributeKey('AgosTenant', 'KEYWORD'),
  area: defineSearchAttributeKey('AgosArea', 'KEYWORD'),
  lead: defineSearchAttributeKey('AgosLead', 'KEYWORD'),
  status: defineSearchAttributeKey('AgosStatus', 'KEYWORD'),
} as const;
