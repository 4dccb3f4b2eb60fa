const MARK =
  /©|\(c\)|&copy;?|\bcopyright\b|rights reserved|rechte vorbehalten|derechos reservados|droits r[ée]serv[ée]s|diritti riservati|direitos reservados|rechten voorbehouden|r[äa]ttigheter|wszelkie prawa/giu;

/** What a notice begins with when it is for a picture, a map or the software, and not for the site. */
const OTHER_WORK =
  /^\W*(?:photo(?:s|graph(?:s|y|er)?)?|fotos?|fotograf(?:ie|ia)?|images?|bild(?:er|nachweis|quelle)?|pictures?|illustrations?|videos?|map(?: data)?|kartendaten|karte|theme|template|icons?|fonts?|software|script|player)(?:\s*(?:credits?|by|:|von|de|par|di|courtesy of))*\s*$|^\W*(?:photo(?:s|graph[sy]?)?|fotos?|images?|bild(?:er)?|pictures?|illustrations?|videos?|theme|template)\s*(?:credits?\s*)?(?:by|:|von|par|courtesy of)\s+[^©]{1,40}$|powered by [^©|]{1,40}$/iu;
/** Owners whose notices stand on other people's sites. */
const OTHER_OWNER =
  /^(?:open\s?street\s?map|osm\b|google|mapbox|leaflet|maptiler|carto\b|here\b(?! we)|tomtom|unsplash|shutterstock|getty|i?stock(?:photo)?\b|adobe stock|fotolia|pixabay|pexels|depositphotos|dreamstime|wikimedia|wordpress|joomla|drupal|typo3|phpbb|vbulletin|reuters|associated press|afp\b|dpa\b)/iu;

/** Statements about copyright that are no notice. */
const PROSE =
  /copyright\s+(?:law|act|directive|infring|polic|claim|notice|holder|owner|protect|complain|issue|case|dispute|reform|office|term)/iu;

/** A year that says something else: when the firm began, when a page was changed, a number of a register. */
const OTHER_YEAR =
  /(?:since|est\.?|established|founded|in business|serving|family[- ]owned|seit|gegr\.?|gegr[üu]ndet|depuis|fond[ée]e?|desde|fundad[ao]|dal|fondat[ao]|sinds|opgericht|siden|updated?|modified|revised|changed|version|stand|aktualisiert|mise? [àa] jour|actualizad[ao]|aggiornat[ao]|no\.?|nr\.?|number|reg(?:istered|istration)?|lic(?:en[cs]e)?|vat|hrb|act of|tel\.?|phone|#)\s*(?:on|in|of|:|\.)?\s*(?:\d{1,2}[./ -]){0,2}(?:\p{L}+ )?$/iu;

const PRESENT =
  /^\s*(?:[-–—‒−~/]|to|bis|until|till|à|a|al|tot)\s*(?:present|today|now|heute|current|date|aujourd.hui|hoy|oggi|heden|hoje)/iu;

/** The years of one notice: four digits, ranges such as 2019-26, roman numerals; null when it is no notice of the site. */
export function noticeYears(text: string, now: Date): number[] {
  const found: number[] = [];
  for (const segment of noticeSegments(text)) {
    if (!isOthers(segment) && !PROSE.test(segment)) found.push(...yearsOf(segment, now));
  }
  return found;
}

/** Whether a notice is for someone else's part of the page, by what stands right before and right after its mark. */
function isOthers(segment: string): boolean {
  const at = segment.search(MARK);
  const before = segment.slice(0, at);
  const after = segment.slice(at).replace(/^(?:©|\(c\)|&copy;?|copyright|by|[\s,:–—-]|\d{4})+/iu, '');
  return OTHER_WORK.test(before) || OTHER_OWNER.test(after);
}

/** The parts of a text that carry a mark; separators end a statement, and so does a full stop. */
function noticeSegments(text: string): string[] {
  return text
    .split(/\s[|·•‧∙●▪]\s?|\n{2,}|(?<=\p{L}{3,}[.!?])\s+(?=\p{Lu}\p{Ll}+ \p{Ll})/u)
    .filter((part) => part.search(MARK) >= 0)
    .map((part) => part.slice(Math.max(0, part.search(MARK) - 80), part.search(MARK) + 160));
}

function yearsOf(segment: string, now: Date): number[] {
  const thisYear = now.getUTCFullYear();
  const years: number[] = [];
  for (const match of segment.matchAll(/(?<![\d.,/+#-]\d{0,3}|[\d+#]|\p{L})((?:19|20)\d{2})(?![\d%€$£])/gu)) {
    const year = Number(match[1]);
    const before = segment.slice(0, match.index);
    const after = segment.slice(match.index + 4);
    if (year > thisYear + 1 || OTHER_YEAR.test(before)) continue;
    years.push(year, ...rangeEnd(year, after, thisYear));
  }
  const roman = /\b(M{1,2}(?:CM|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))\b/.exec(segment)?.[1];
  if (roman && roman.length > 2) years.push(fromRoman(roman));
  return years.filter((year) => year >= 1950 && year <= thisYear + 1);
}

/** The end of a range that starts with this year. */
function rangeEnd(year: number, after: string, thisYear: number): number[] {
  if (PRESENT.test(after)) return [thisYear];
  const whole = /^\s*(?:[-–—‒−~/,&+]|to|bis|and|und|et|y|until)\s*((?:19|20)\d{2})(?!\d)/iu.exec(after)?.[1];
  if (whole) return [Number(whole)];
  const short = /^\s*[-–—‒−/]\s*['’]?(\d{2})(?![\d./:])/u.exec(after)?.[1];
  return short && Number(short) > year % 100 ? [year - (year % 100) + Number(short)] : [];
}

function fromRoman(text: string): number {
  const values: Record<string, number> = { M: 1000, D: 500, C: 100, L: 50, X: 10, V: 5, I: 1 };
  const digits = [...text].map((letter) => values[letter] ?? 0);
  return digits.reduce((sum, digit, i) => sum + (digit < (digits[i + 1] ?? 0) ? -digit : digit), 0);
}
