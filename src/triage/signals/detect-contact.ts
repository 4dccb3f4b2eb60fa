import type { ContactFact, ViewportFacts } from '../../sites/page/facts.ts';
import { countriesOf, hasMail, hasPhone, isDialable, isMailTarget } from './contact-text.ts';
import { cutShort } from './cut-short.ts';
import { notFound, sentence } from './evidence.ts';
import type { Detector } from './types.ts';

/** Neither a phone number nor a mail address is visible at either viewport. */
export const detectContact: Detector = ({ page }) => {
  const found = firstContact(page.phone) ?? firstContact(page.desktop);
  if (found) return notFound({ kind: found.kind, text: found.text });
  const cut = cutShort(page);
  if (cut) return cut;
  const text =
    'Neither on a phone nor on a large screen does the page show a phone number or a mail address.';
  return { detected: true, value: null, evidence: [sentence(text)] };
};

function firstContact(view: ViewportFacts): ContactFact | undefined {
  const countries = countriesOf(view.final_url, view.lang);
  return view.contacts.find((contact) => {
    if (contact.kind === 'tel') return isDialable(contact.text);
    if (contact.kind === 'mailto') return isMailTarget(contact.text);
    return hasMail(contact.text) || hasPhone(contact.text, countries);
  });
}
