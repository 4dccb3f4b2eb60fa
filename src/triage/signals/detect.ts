import { SIGNAL_CODES, type SignalCode } from './codes.ts';
import { detectAccessibility } from './detect-accessibility.ts';
import {
  detectSslExpired,
  detectSslExpiring,
  detectSslInvalid,
  detectSslMissing,
} from './detect-certificate.ts';
import { detectConsoleErrors } from './detect-console-errors.ts';
import { detectContact } from './detect-contact.ts';
import { detectCopyright } from './detect-copyright.ts';
import { detectH1, detectMetaDescription, detectTitle } from './detect-head.ts';
import { detectBrokenImages, detectImagesWithoutAlt } from './detect-images.ts';
import { detectBrokenLinks } from './detect-links.ts';
import { detectMixedContent } from './detect-mixed-content.ts';
import { detectMobile } from './detect-mobile.ts';
import { detectPagespeed } from './detect-pagespeed.ts';
import { detectPlaceholder } from './detect-placeholder.ts';
import { detectTechnology } from './detect-technology.ts';
import type { Detector, DetectorInput, Signal } from './types.ts';

const DETECTORS: Record<SignalCode, Detector> = {
  pagespeed_below_50: detectPagespeed,
  ssl_missing: detectSslMissing,
  ssl_invalid: detectSslInvalid,
  ssl_expired: detectSslExpired,
  ssl_expiring: detectSslExpiring,
  not_mobile_responsive: detectMobile,
  copyright_outdated: detectCopyright,
  title_missing: detectTitle,
  meta_description_missing: detectMetaDescription,
  h1_missing: detectH1,
  broken_images: detectBrokenImages,
  broken_links: detectBrokenLinks,
  images_without_alt: detectImagesWithoutAlt,
  outdated_technology: detectTechnology,
  mixed_content: detectMixedContent,
  console_errors: detectConsoleErrors,
  accessibility_serious: detectAccessibility,
  contact_missing: detectContact,
  placeholder_text: detectPlaceholder,
};

/** Turns the facts of one site into every signal, detected or not, in the order of the codes. */
export function detectSignals(input: DetectorInput): Signal[] {
  return SIGNAL_CODES.map((code) => ({ code, ...DETECTORS[code](input) }));
}
