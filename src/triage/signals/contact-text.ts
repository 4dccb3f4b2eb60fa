import {
  type CountryCode,
  findNumbers,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from 'libphonenumber-js';

const MAIL =
  /(?<![\p{L}\p{N}._%+@-])[\p{L}\p{N}][\p{L}\p{N}._%+-]{0,63}\s?(?:@|＠|[[({]\s?(?:at|ät|arroba|@)\s?[\])}]|\s(?:at|AT)\s)\s?((?:[\p{L}\p{N}-]+\s?(?:\.|[[({]\s?(?:dot|punkt|\.)\s?[\])}]|\s(?:dot|DOT)\s)\s?)+\p{L}{2,24})(?![\p{L}\p{N}@])/u;
const BACKWARDS =
  /(?<![\p{L}\p{N}.@])(?:moc|ten|gro|ofni|ed|ku\.oc|rf|ti|se|ln|ta|hc)\.[\p{L}\p{N}.-]+@[\p{L}\p{N}._-]+/u;
const PLAIN_AT = /\s(?:at|AT)\s/;
const SPELLED_DOT = /\s(?:dot|DOT)\s|[[({]\s?(?:dot|punkt|\.)\s?[\])}]/;
const FILE_ENDING = /\.(?:png|jpe?g|gif|svg|webp|avif|css|js|pdf|html?)$/i;
/** A hint how to write an address, and no address: both its parts are made up. */
const SAMPLE_MAIL =
  /^(?:you|your[._-]?(?:name|e?mail|address)?|(?:first|user|last)?name|user|e?-?mail|someone|jane|john|test|deine?)(?:[._-]\w+)?@(?:example|domain|yourdomain|mydomain|yoursite|mysite|yourcompany|company|website|yourwebsite)\./i;

const PHONE_LABEL =
  /(?<!\p{L})(?:tel(?:e(?:phone|fon[eo]?|foon))?|phone|ph|call(?: us)?(?: (?:on|at|now|today))?|ring(?: us)?|dial|text(?: us)?|mobil(?:e|tel)?|cell(?:ulare|ulaire)?|m[óo]vil|handy|fon|festnetz|hotline|helpline|toll[- ]free|freephone|whats\s?app|signal|t[ée]l(?:[ée]phone|[ée]fono)?|telem[óo]vel|tlf|tfn|puh(?:elin)?|t|p|m|rufen sie|anruf(?:en)?|☎|📞|📱|✆)\s*(?:no|nr|number|nummer)?\.?\s*(?:[:|–—-]|\(?\w{0,12}\)?:)?\s*$/iu;
const OTHER_LABEL =
  /(?<!\p{L})(?:vat|ust|steuer(?:nummer|-?nr)?|st\.?-?nr|blz|kto|bsb|uid|tva|iva|btw|nif|cif|p\.?\s?iva|tax|ein|abn|acn|kvk|siret|siren|rcs|hrb|hra|iban|bic|swift|account|konto|sort code|order|invoice|rechnung|reference|ref|reg(?:istered|istration|ister)?|company|charity|licen[cs]e|lic|permit|isbn|issn|ean|gtin|sku|item|art(?:icle|ikel)?|part|model|serial|batch|id|no|nr|n[°º]|number|nummer|zip|plz|fax|telefax|ca|caslb|cslb|bond|npi|dre|nmls|gps|lat|lng|lon)\s*(?:id|no|nr|number|nummer|n[°º]|code)?\.?\s*[:#.]?\s*(?:[A-Z]{2}\s?)?$/iu;
const DATE_OR_TIME =
  /^(?:(?:19|20)\d{2}[-–/.](?:0?[1-9]|1[0-2])[-–/.](?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])[-–/.](?:0?[1-9]|[12]\d|3[01])[-–/.](?:(?:19|20)\d{2}|\d{2})|(?:19|20)\d{2}\s?[-–—/]\s?(?:19|20)\d{2}|\d{1,2}[.:]\d{2}\s?[-–—]\s?\d{1,2}[.:]\d{2})(?![-–/.]?\d)/u;
/** An American postcode with its extension. */
const POSTCODE = /^\d{5}-\d{4}$/;
/** Countries that write their eight digits without any prefix. */
const EIGHT_DIGITS: ReadonlySet<string> = new Set(['DK', 'NO', 'SG', 'HK', 'LV', 'EE', 'MT', 'CY']);
/** A trunk zero and groups of digits: nothing but phone numbers is written so, in any country that has the zero. */
const TRUNK_FORM = /^\(?0[1-9]\d{0,4}\)?(?:[\s\u00A0\u2010-\u2015/·•.-]{1,3}\(?\d{1,8}\)?){1,5}$/u;
const PHONE_LIKE = /(?<![\p{L}\p{N}.,/@#&=_-])\+?[(\d][\d\s().\u00A0\u2010-\u2015/·•-]{4,24}\d(?![\d@])/gu;
const VANITY =
  /(?<![\p{L}\d])(?:1[-. ])?\(?8(?:00|33|44|55|66|77|88)\)?[-. ](?=[\dA-Z-]*[A-Z]{3})[A-Z0-9][A-Z0-9-]{5,10}(?![\p{L}\d])/u;

/** Whether a text shows a mail address: plain, spelled against robots, or written backwards and turned by style. */
export function hasMail(text: string): boolean {
  return showsMail(text) || BACKWARDS.test(text);
}

function showsMail(text: string): boolean {
  const match = MAIL.exec(text);
  if (!match) return false;
  if (PLAIN_AT.test(match[0]) && !SPELLED_DOT.test(match[0])) return false;
  const plain = match[0].replace(/\s/g, '');
  return !FILE_ENDING.test(plain) && !SAMPLE_MAIL.test(plain);
}

/** Whether a text shows a phone number, as one of these countries writes it. */
export function hasPhone(text: string, countries: readonly CountryCode[]): boolean {
  if (VANITY.test(text)) return true;
  for (const match of text.matchAll(PHONE_LIKE)) {
    const before = text.slice(Math.max(0, match.index - 40), match.index);
    if (isPhone(match[0].trim(), before, countries)) return true;
  }
  return false;
}

function isPhone(candidate: string, before: string, countries: readonly CountryCode[]): boolean {
  const digits = candidate.replace(/\D/g, '');
  if (digits.length < 6 || digits.length > 15 || DATE_OR_TIME.test(candidate)) return false;
  if (/[€$£¥]\s*$/u.test(before)) return false;
  if (PHONE_LABEL.test(before)) return true;
  if (OTHER_LABEL.test(before) || POSTCODE.test(candidate)) return false;
  return countries.some((country) => isWrittenLikeANumber(candidate, digits, country));
}

/** Without a label only a valid number counts, and one written as people write numbers to be called. */
function isWrittenLikeANumber(candidate: string, digits: string, country: CountryCode): boolean {
  const international = /^\(?\+|^00\d/.test(candidate);
  const parted = /\d[\s().\u00A0\u2010-\u2015/·•-]+\d/u.test(candidate);
  const national = /^\(?0/.test(candidate) && digits.length >= 9;
  if (TRUNK_FORM.test(candidate) && digits.length >= 9 && digits.length <= 12) return true;
  if (!international && !parted && !national) return false;
  const isWhole = digits.length >= 9 || (digits.length === 8 && EIGHT_DIGITS.has(country));
  if (!international && parted && !isWhole && !national) return false;
  const found = findNumbers(candidate.replace(/[\u2010-\u2015/·•]/gu, '-'), {
    defaultCountry: country,
    v2: true,
  });
  if (found.some((one) => one.number.isValid())) return true;
  return parsePhoneNumberFromString(candidate, country)?.isValid() === true;
}

/** Whether the target of a `tel:` link could be called. */
export function isDialable(target: string): boolean {
  const digits = decode(target).replace(/\D/g, '');
  return digits.length >= 5 && digits.length <= 15 && !/^0+$|^(\d)\1+$/.test(digits);
}

/** Whether the target of a `mailto:` link is an address. */
export function isMailTarget(target: string): boolean {
  const address = decode(target).trim();
  return /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/.test(address) && !SAMPLE_MAIL.test(address);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const COUNTRY_OF_LANGUAGE: Record<string, CountryCode[]> = {
  en: ['US', 'GB'],
  de: ['DE', 'AT', 'CH'],
  fr: ['FR', 'BE', 'CH', 'CA'],
  es: ['ES', 'MX'],
  it: ['IT', 'CH'],
  pt: ['PT', 'BR'],
  nl: ['NL', 'BE'],
  sv: ['SE'],
  da: ['DK'],
  nb: ['NO'],
  no: ['NO'],
  fi: ['FI'],
  pl: ['PL'],
  cs: ['CZ'],
  sk: ['SK'],
  hu: ['HU'],
  ro: ['RO'],
  el: ['GR'],
  tr: ['TR'],
  ja: ['JP'],
  ko: ['KR'],
  zh: ['CN', 'TW'],
  ru: ['RU'],
  uk: ['UA'],
  he: ['IL'],
  hr: ['HR'],
  sl: ['SI'],
  et: ['EE'],
  lv: ['LV'],
  lt: ['LT'],
  bg: ['BG'],
};

/** Countries whose way to write numbers is tried: of the address, of the page's language, then the common two. */
export function countriesOf(finalUrl: string, lang: string | null): CountryCode[] {
  const ending = new URL(finalUrl).hostname.split('.').at(-1)?.toUpperCase() ?? '';
  const ofAddress = ending === 'UK' ? 'GB' : ending;
  const [language, region] = (lang ?? '').split(/[-_]/);
  const candidates = [
    ofAddress,
    region?.toUpperCase() ?? '',
    ...(COUNTRY_OF_LANGUAGE[language?.toLowerCase() ?? ''] ?? []),
    'US',
    'GB',
  ];
  return [...new Set(candidates)].filter((code): code is CountryCode => isSupportedCountry(code));
}
