import type { Filters, Limits } from './in-page/types.ts';

/** What one look into a page may cost; hostile pages meet these and are cut. */
export const COLLECT_LIMITS: Limits = {
  nodes: 40_000,
  items: 60,
  links: 50,
  parts: 150,
  itemChars: 300,
  textChars: 20_000,
  deadlineMs: 3_000,
  imagesMs: 2_000,
};

/** Lets through every text that a detector may want to judge; generous on purpose. */
export const COLLECT_FILTERS: Filters = {
  notice:
    '©|\\(c\\)|&copy;?|copyright|rights reserved|rechte vorbehalten|derechos reservados|droits r[ée]serv[ée]s|diritti riservati|direitos reservados|rechten voorbehouden|r[äa]ttigheter|wszelkie prawa',
  contact:
    '[\\p{L}\\p{N}._%+-]{1,64}\\s?(?:@|\\uFF20|[\\[({]\\s?(?:at|ät|arroba|@)\\s?[\\])}]|\\s(?:at|AT)\\s)\\s?[\\p{L}\\p{N}-]+(?:\\s?(?:\\.|[\\[({]\\s?(?:dot|punkt|\\.)\\s?[\\])}]|\\s(?:dot|DOT)\\s)\\s?[\\p{L}\\p{N}-]+)+' +
    '|\\+?[(\\d][\\d\\s().\\u00A0\\u2010-\\u2015/·•-]{4,24}\\d(?!\\d)|\\b1?[-. ]?8(?:00|33|44|55|66|77|88)[-. ][A-Z0-9][A-Z0-9-]{5,10}\\b',
  placeholder:
    'lorem|ipsum|dolor sit|consectetur|placeholder|dummy|sample (?:page|text|content|title)|your |insert |add (?:your|a|some) |goes here|text here|here\\b|edit (?:this|me)|hello world|just another wordpress|i.m a (?:paragraph|title)|blindtext|platzhalter|mustertext|musterfirma|max mustermann|muster(?:stra(?:ß|ss)e|stadt)|texte? (?:de|d.)|texto de|ejemplo|exemple|testo segnaposto|\\{\\{|\\[\\[|\\{%|%[a-z_]{3,30}%|\\[(?:your|company|business|name|insert|city|phone|address|email)|tbd|todo|xxx|company name|business name|tagline|subtitle|untitled|text ?blo[ck]|klick|clique[zr]?\\b|clicca|haz clic|klik |new page|under construction',
};
