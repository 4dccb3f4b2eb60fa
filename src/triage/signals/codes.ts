/** Every signal triage looks for, in the order in which results list them. */
export const SIGNAL_CODES = [
  'pagespeed_below_50',
  'ssl_missing',
  'ssl_invalid',
  'ssl_expired',
  'ssl_expiring',
  'not_mobile_responsive',
  'copyright_outdated',
  'title_missing',
  'meta_description_missing',
  'h1_missing',
  'broken_images',
  'broken_links',
  'images_without_alt',
  'outdated_technology',
  'mixed_content',
  'console_errors',
  'accessibility_serious',
  'contact_missing',
  'placeholder_text',
] as const;

export type SignalCode = (typeof SIGNAL_CODES)[number];
