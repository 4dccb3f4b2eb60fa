import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** One Markdown file: where it stands, and what it names. */
export type Document = {
  file: string;
  folder: string;
  /** Targets of links into the repository, without their `#heading`. */
  links: string[];
  /** Text between backticks, outside of blocks. */
  spans: string[];
  /** Lines of fenced blocks that are typed into a shell. */
  shellLines: string[];
};

/** Every Markdown file of the project, but for those that belong to an example site. */
export function readDocuments(): Document[] {
  const files = globSync('**/*.md', {
    cwd: ROOT,
    exclude: (path) => /(^|\/)(node_modules|\.agos|dist)$|^(examples|tests)\/sites\/.+\//.test(path),
  });
  return files.sort().map((file) => parse(file, readFileSync(join(ROOT, file), 'utf8')));
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```/gm;

function parse(file: string, text: string): Document {
  const prose = text.replace(FENCE, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  const blocks = [...text.matchAll(FENCE)].filter(([, language]) => language === 'sh');
  return {
    file,
    folder: dirname(join(ROOT, file)),
    links: links.filter((link) => !/^(https?:|mailto:|#)/.test(link)).map((link) => link.split('#')[0] ?? ''),
    spans: [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? ''),
    shellLines: blocks.flatMap(([, , body]) => (body ?? '').replaceAll('\\\n', ' ').split('\n')),
  };
}
