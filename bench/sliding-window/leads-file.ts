import { seeded } from '../harness/statistics.ts';

export type LeadsFile = {
  csv: string;
  /** Lines below the header, as rows for those who need no parser. */
  rows: { url: string; company: string; city: string }[];
  /** Distinct leads that a correct import makes of it. */
  leads: number;
};

const BAD_SHARE = 0.03;
const DUPLICATE_SHARE = 0.05;
const SEED = 7;

/** A file of leads, the same each time: 3 % of its lines have no usable URL, 5 % name a lead once more. */
export function makeLeadsFile(lines: number): LeadsFile {
  const random = seeded(SEED);
  const rows: LeadsFile['rows'] = [];
  const known: string[] = [];
  for (let line = 0; line < lines; line += 1) {
    const dice = random();
    const about = { company: `Company ${line}`, city: `Town ${line % 97}` };
    if (dice < BAD_SHARE) {
      rows.push({ ...about, url: `not a site ${line}` });
    } else if (dice < BAD_SHARE + DUPLICATE_SHARE && known.length > 0) {
      rows.push({ ...about, url: known[Math.floor(random() * known.length)] ?? '' });
    } else {
      const url = `https://company-${line}.example/`;
      known.push(url);
      rows.push({ ...about, url });
    }
  }
  const csv = ['url,company_name,city', ...rows.map((row) => `${row.url},${row.company},${row.city}`)].join(
    '\n',
  );
  return { csv: `${csv}\n`, rows, leads: known.length };
}
