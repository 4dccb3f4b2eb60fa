const LATIN =
  /\b(?:lorem|ipsum|dolor|amet|consectetu?r|adipisc?ing|eiusmod|tempor|incididunt|labore|magna|aliqua|veniam|nostrud|exercitation|ullamco|laboris|aliquip|commodo|consequat|voluptate|cillum|fugiat|pariatur|excepteur|cupidatat|proident|officia|deserunt|vestibulum|pellentesque|phasellus|curabitur|suspendisse|maecenas|vivamus|nullam|praesent|aenean|quisque|tincidunt|sollicitudin|ullamcorper|facilisis|malesuada|volutpat|bibendum)\b/giu;

/** Sentences that builders and templates ship, wherever they stand. */
const SHIPPED = [
  /^i.m an? (?:paragraph|title|heading)\b/i,
  /lorem ipsum is simply dummy text|long established fact that a reader will be distracted|many variations of passages of lorem ipsum|contrary to popular belief, lorem ipsum/i,
  /click here to add your own text/i,
  /click (?:the )?edit (?:button )?to (?:change|edit)/i,
  /double[- ]click (?:here |me )?to (?:edit|add)/i,
  /^hello world!?$/i,
  /welcome to wordpress\. this is your first post/i,
  /^just another wordpress (?:site|weblog)/i,
  /this is (?:an example|a sample) page/i,
  /this is (?:a |the )?(?:sample|dummy|placeholder|filler|example) (?:text|content|paragraph|headline|heading|title)/i,
  /\b(?:dies|das|hier) (?:ist|steht) (?:ein )?(?:blind|platzhalter|muster|beispiel)text/i,
  /^(?:please )?(?:insert|put|enter|write|type|add|replace (?:this|me) with) (?:your |a |some |any )?(?:own )?(?:text|content|copy|tagline|slogan|headline|heading|subtitle|description|company name|business name|bio|logo|caption)\b.{0,12}\bhere\b[^\p{L}\p{N}]*$/iu,
  /\b(?:text|content|copy|headline|heading|title|subtitle|tagline|slogan|description|caption|name|address|logo|image|paragraph) (?:goes|to go|comes) here\b/i,
  /^(?:your|my) (?:company|business|site|brand|website|store|restaurant|salon|practice|organi[sz]ation)(?:'s)? (?:name|logo|here)(?: here)?[.!]?$/i,
  /(?:©|\(c\)|copyright)[^a-z]{0,20}your (?:company|business|web ?site|site|name|brand|organi[sz]ation)\b/i,
  /\b(?:[Ww]elcome to|[Aa]bout|[Cc]ontact|[Jj]oin|[Ww]hy|at|by|from) Your (?:Company|Business|Brand|Site|Store) Name\b/,
  /^your (?:company|business|brand|site|store) name here[.!]?$|^your (?:logo|text|content|title|headline|heading|tagline|slogan|image|photo|description|subtitle|testimonial) here[.!]?$/i,
  /^your (?:tagline|slogan|headline|logo|heading|subtitle)[.!]?$/i,
  /\[(?!email\s*protected)(?:your|insert|enter|add|company|business|firm|practice|site|name|first name|last name|city|town|state|region|street|phone|telephone|email|address|date|year|service|industry|placeholder)\b[^\]]{0,40}\]/i,
  /\{\{\s*[\w.$|'" -]{1,60}\s*\}\}|\{%\s*\w[^%]{0,60}%\}|<%=?\s*\w[^%]{0,60}%>/,
  /^%[a-z][a-z_]{2,30}%$|\s%(?:[a-z]+_[a-z_]+|sitename|blogname)%(?:\s|$)/i,
  /^(?:sample|placeholder|dummy|filler) (?:text|title|heading|headline|content|page|image|product|post)[.!]?$/i,
  /^(?:add|edit|change|replace) (?:your|a|this|the) (?:text|heading|title|tagline|subtitle|content|description|headline|footer text|paragraph)(?: here)?[.!]?$/i,
  /^(?:company|business) name(?: here)?$|^(?:site|page) (?:title|tagline) ?(?:here|goes here)?$|^(?:sub)?title text$|^untitled(?: page| document)?$/i,
  /\bTODO:/,
  /\b(?:musterfirma|max mustermann|erika mustermann|musterstra(?:ß|ss)e \d|12345 musterstadt|platzhaltertext)\b|\b(?:ich bin|dies ist|das ist|hier steht) (?:ein |nur )?blindtext\b|^blindtext\.?$/i,
  /klick(?:en sie|e)? (?:hier|auf den bearbeiten)[^.]{0,40}text|^ich bin ein (?:text(?:block|abschnitt|feld)?|absatz|titel)\b/i,
  /cliquez (?:ici |sur le bouton )[^.]{0,40}(?:modifier|[ée]diter|changer|ajouter)[^.]{0,20}(?:texte?|contenu)|^je suis un (?:paragraphe|titre|bloc de texte)\b/i,
  /haz clic (?:aqu[íi]|en el bot[óo]n)[^.]{0,40}(?:editar|cambiar|a[ñn]adir)|^soy un (?:p[áa]rrafo|t[íi]tulo|bloque de texto)\b/i,
  /clicca (?:qui|sul pulsante|sul bottone)[^.]{0,40}(?:modificare|aggiungere|cambiare)|^(?:io )?sono un (?:paragrafo|titolo|blocco di testo)\b/i,
  /clique (?:aqui|no bot[ãa]o)[^.]{0,40}(?:editar|alterar|adicionar)|^(?:eu )?sou um (?:par[áa]grafo|t[íi]tulo|bloco de texto)\b/i,
  /klik (?:hier|op de (?:bewerk ?)?knop)[^.]{0,40}(?:bewerken|wijzigen|toe te voegen)|^ik ben een (?:alinea|paragraaf|tekstblok|titel)\b/i,
  /\b(?:client|customer|author|person|reviewer|employee|team member) name,? (?:\/ )?(?:position|title|company|job title|location)\b/i,
  /^(?:texte? d.exemple|texto de (?:ejemplo|exemplo|relleno)|testo (?:di esempio|segnaposto)|voeg (?:hier )?(?:uw|je) tekst)/i,
  /\byour (?:content|text) (?:goes|will go) here|^(?:edit|change) (?:this|me)[.!]?$/i,
];

/** Words with which people talk about placeholder text. */
const ABOUT =
  /[“"'‘„»«]\s*lorem ipsum\s*[”"'’“«»]|(?:called|word|words|phrase|term|no|never|without|instead of|replace|like) lorem ipsum/iu;

/** A page whose title or description speaks of filler text has it as its subject. */
const SUBJECT = /lorem ipsum|blindtext|(?:dummy|filler|placeholder) (?:text|copy)|texte? factice|faux texte/i;

/** Whether a page is about filler text, so that showing it is no sign of neglect. */
export function isAboutFiller(...headlines: (string | null)[]): boolean {
  return headlines.some(
    (headline) => headline !== null && SUBJECT.test(headline) && !isPlaceholder(headline),
  );
}

/** Whether a visible text is one that nobody wrote for this site. */
export function isPlaceholder(text: string, aboutFiller = false): boolean {
  const plain = text.replace(/\s+/g, ' ').trim();
  return (!aboutFiller && hasFillerLatin(plain)) || SHIPPED.some((pattern) => pattern.test(plain));
}

/** Filler Latin: a run of its words, or "lorem ipsum" standing alone; a sentence about it does not count. */
function hasFillerLatin(text: string): boolean {
  if (/lorem ipsum dolor|dolor sit amet,? consectetu?r/i.test(text)) return !ABOUT.test(text);
  const words = new Set((text.match(LATIN) ?? []).map((word) => word.toLowerCase()));
  if (words.size >= 4) return true;
  return /\blorem ipsum\b/i.test(text) && text.length <= 40 && !ABOUT.test(text);
}
