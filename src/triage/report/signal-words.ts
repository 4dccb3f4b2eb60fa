import type { SignalCode } from '../signals/codes.ts';

/** One signal for people who never heard its code: what is wrong, why it matters, what helps, how it sounds when sound. */
export type SignalWords = { title: string; why: string; help: string; fine: string };

const WORDS: Record<SignalCode, SignalWords> = {
  pagespeed_below_50: {
    title: 'The page is slow on phones',
    why: 'Many visitors leave before they see it, and search engines rank slow pages lower.',
    help: 'Smaller pictures, fewer scripts and a faster server bring the page up in seconds.',
    fine: 'The page is fast enough on phones',
  },
  ssl_missing: {
    title: 'The connection is not encrypted',
    why: 'Browsers mark the site as "not secure", and what visitors type into a form can be read on the way.',
    help: 'A certificate costs nothing today and can be set up within an hour.',
    fine: 'The connection is encrypted and its certificate is sound',
  },
  ssl_invalid: {
    title: 'Browsers do not trust the security certificate',
    why: 'Visitors meet a full-page warning before they see the site; most turn back there.',
    help: 'A certificate for the right name from a trusted authority ends the warning.',
    fine: 'The security certificate is made out correctly',
  },
  ssl_expired: {
    title: 'The security certificate has expired',
    why: 'Visitors meet a full-page warning before they see the site; most turn back there.',
    help: 'A new certificate that renews itself ends the warning for good.',
    fine: 'The security certificate has not expired',
  },
  ssl_expiring: {
    title: 'The security certificate ends soon',
    why: 'From that day on visitors meet a full-page warning instead of the site.',
    help: 'Renewing it now, by a process that repeats itself, avoids the outage.',
    fine: 'The security certificate is good for more than a month',
  },
  not_mobile_responsive: {
    title: 'The page does not fit phones',
    why: 'More than half of all visits come from phones; there visitors must zoom and scroll sideways.',
    help: 'A layout that adapts to the width of the screen.',
    fine: 'The page fits phones',
  },
  copyright_outdated: {
    title: 'The copyright notice shows an old year',
    why: 'It makes visitors wonder whether the business still exists and whether prices and hours are current.',
    help: 'A year that is set by itself, and a look at what else has become old.',
    fine: 'No old year in the copyright notice',
  },
  title_missing: {
    title: 'The page has no title',
    why: 'The title is what search results and browser tabs show first.',
    help: 'One line that names the business, what it does and where.',
    fine: 'The page has a title',
  },
  meta_description_missing: {
    title: 'The page has no description for search results',
    why: 'Search engines then pick a piece of the page themselves, which seldom invites anyone to click.',
    help: 'Two sentences that say why to visit.',
    fine: 'The page describes itself to search engines',
  },
  h1_missing: {
    title: 'The page has no main heading',
    why: 'Visitors, search engines and screen readers look there for what the page is about.',
    help: 'One clear heading at the top.',
    fine: 'The page has a main heading',
  },
  broken_images: {
    title: 'Pictures do not load',
    why: 'Empty frames look neglected and hide what the pictures were to sell.',
    help: 'Put the missing files back or take their places out.',
    fine: 'All pictures load',
  },
  broken_links: {
    title: 'Links lead nowhere',
    why: 'Visitors who follow them meet an error page, and search engines lower the site.',
    help: 'Correct the addresses or lead the old ones on to new pages.',
    fine: 'No link that was followed leads nowhere',
  },
  images_without_alt: {
    title: 'Pictures have no description',
    why: 'Blind visitors do not learn what they show, and neither do search engines.',
    help: 'A short text for each picture that carries meaning.',
    fine: 'Pictures carry descriptions',
  },
  outdated_technology: {
    title: 'The site runs on outdated technology',
    why: 'Old software keeps known security holes open and makes each change dearer.',
    help: 'Current versions, or a rebuild where the old base cannot be renewed.',
    fine: 'No outdated technology in sight',
  },
  mixed_content: {
    title: 'Parts of the secure page are fetched insecurely',
    why: 'Browsers block or warn about such parts, so something may be missing for visitors.',
    help: 'Fetch every picture, style and script over the encrypted connection.',
    fine: 'Every part comes over a secure connection',
  },
  console_errors: {
    title: 'The page has programming errors',
    why: 'Something on the page does not work as it was meant to, such as a menu, a form or a counter.',
    help: 'The errors name the files that need repair.',
    fine: 'No programming errors of the page',
  },
  accessibility_serious: {
    title: 'The page shuts out visitors with disabilities',
    why: 'People who see badly or do not use a mouse cannot use parts of it, and the law may ask for more.',
    help: 'Better contrast, labelled fields and named links solve most of it.',
    fine: 'No serious barrier for visitors with disabilities',
  },
  contact_missing: {
    title: 'No phone number or mail address is in sight',
    why: 'A visitor who is ready to buy or to book does not find a way to say so.',
    help: 'A phone number and a mail address at the top and at the bottom of the page.',
    fine: 'A phone number or a mail address is in sight',
  },
  placeholder_text: {
    title: 'Text from a template is still on the page',
    why: 'Visitors see at once that nobody finished the site.',
    help: 'Replace it by words of the business, or take the part out.',
    fine: 'No text left from a template',
  },
};

/** What to tell a reader about one signal. */
export function signalWords(code: SignalCode): SignalWords {
  return WORDS[code];
}
