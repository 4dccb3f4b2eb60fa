import { collectInPage } from './collect.ts';
import { cut, describeElement, placeAmongTwins, rectOf, selectorOf, snippetOf } from './describe.ts';
import {
  collectImages,
  collectWideElements,
  cutContentRight,
  imageOf,
  isInFlow,
  isTracker,
  measurePage,
  rootClips,
  settleImages,
} from './layout.ts';
import { parentAcrossRoots } from './parent.ts';
import { collectInsecureParts, collectParts, noteTextSize, smallText } from './parts.ts';
import { collectFiles, collectGenerators, collectPlugins } from './technology.ts';
import {
  aroundMark,
  collectContactLinks,
  collectContacts,
  collectHeadings,
  collectLinks,
  collectNotices,
  collectPlaceholders,
  noticeText,
  unscramble,
} from './text.ts';
import { titleOf, unshadow } from './unshadow.ts';
import { fadesIn, hasVisibleOverride, isShown, showsItself } from './visible.ts';
import { addBreak, addText, blockAround, blockOf, childrenOf, walkPage } from './walk.ts';

/** Every function the page gets; they find each other by name, so each one must be listed. */
const FUNCTIONS: readonly { name: string }[] = [
  addBreak,
  addText,
  aroundMark,
  blockAround,
  blockOf,
  childrenOf,
  collectContactLinks,
  collectContacts,
  collectFiles,
  collectGenerators,
  collectHeadings,
  collectImages,
  collectInPage,
  collectInsecureParts,
  collectLinks,
  collectNotices,
  collectParts,
  collectPlaceholders,
  collectPlugins,
  collectWideElements,
  cut,
  cutContentRight,
  describeElement,
  fadesIn,
  hasVisibleOverride,
  imageOf,
  isInFlow,
  isShown,
  isTracker,
  measurePage,
  noteTextSize,
  noticeText,
  parentAcrossRoots,
  placeAmongTwins,
  rectOf,
  rootClips,
  selectorOf,
  settleImages,
  showsItself,
  smallText,
  snippetOf,
  titleOf,
  unscramble,
  unshadow,
  walkPage,
];

/** The source of one call into the page, with its arguments as JSON. */
export function inPageExpression(...args: Parameters<typeof collectInPage>): string {
  const sources = FUNCTIONS.map((one) => String(one)).join('\n');
  const values = args.map((value) => JSON.stringify(value)).join(', ');
  const members = JSON.stringify(membersIn(sources));
  return `(() => { 'use strict';\nconst MEMBERS = ${members};\n${sources}\nreturn collectInPage(${values}); })()`;
}

/** Every name that the sources ask of anything; some are no members of a node, which does no harm. */
export function membersIn(sources: string): string[] {
  return [...new Set([...sources.matchAll(/\.([a-z]\w*)/gi)].map(([, name]) => name!))];
}
