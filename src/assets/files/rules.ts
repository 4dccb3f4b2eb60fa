/** What may be stored, and how a browser may show it: everything else is offered as a download. */
export const MEDIA_TYPES = {
  'image/png': 'inline',
  'image/jpeg': 'inline',
  'image/webp': 'inline',
  'text/html': 'inline',
  'text/csv': 'attachment',
  'application/json': 'attachment',
} as const satisfies Record<string, 'inline' | 'attachment'>;

export type MediaType = keyof typeof MEDIA_TYPES;

/** Whether files of this media type are kept at all. */
export function isMediaType(mime: string): mime is MediaType {
  return Object.hasOwn(MEDIA_TYPES, mime);
}

/** How long a signed link works unless somebody asks for another time. */
export const LINK_LIFETIME_MS = 60 * 60 * 1000;
