/** Words of the trade and what a shop owner would say. */
const SPELLINGS: [RegExp, string][] = [
  [/\b(?:SSL\/TLS|TLS\/SSL|SSL|TLS)(?:-| )?(?=certificate)/g, 'security '],
  [/\b(?:SSL\/TLS|TLS\/SSL|SSL|TLS)\b/g, 'encryption'],
  [/\bDNS\b/g, 'the directory of names on the internet'],
  [/\bHTTPS\b/g, 'the encrypted connection'],
  [/\bHTTP\b/g, 'the web server'],
  [/\bURLs?\b/g, 'address'],
  [/\bSAN\b/g, 'list of names'],
  [/\bCA\b/g, 'authority'],
  [/\bCN\b/g, 'name'],
  [/\bIP\b/g, 'network'],
  [/\bTCP\b/g, 'network'],
  [/\bDOM\b/g, 'page'],
];

/** Says in plain words what a sentence says in abbreviations; quotations stay as they are. */
export function spellOut(text: string): string {
  return text
    .split(/(“[^”]*”)/)
    .map((part) =>
      part.startsWith('“') ? part : SPELLINGS.reduce((said, [from, to]) => said.replace(from, to), part),
    )
    .join('');
}
