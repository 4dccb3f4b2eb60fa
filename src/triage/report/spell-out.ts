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

/** An address or a path: a scheme, a leading slash, or a dot inside as in a name of a host or a file. */
const ADDRESS = /:\/\/|^[(<]?\/|[\p{L}\p{N}]\.\p{L}/u;

/** Says in plain words what a sentence says in abbreviations; quotations and addresses stay as they are. */
export function spellOut(text: string): string {
  return text
    .split(/(“[^”]*”)/)
    .map((part) => (part.startsWith('“') ? part : spellPart(part)))
    .join('');
}

/** Spells the words between addresses; those of one run stay together, since some spellings span two words. */
function spellPart(part: string): string {
  let said = '';
  let run = '';
  for (const token of part.split(/(\s+)/)) {
    if (!ADDRESS.test(token)) {
      run += token;
      continue;
    }
    said += spellWords(run) + token;
    run = '';
  }
  return said + spellWords(run);
}

function spellWords(words: string): string {
  return SPELLINGS.reduce((said, [from, to]) => said.replace(from, to), words);
}
