import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';
import { serveCalls } from '../harness/serve-calls.mjs';

/** What the database alone can do: COPY into an empty table, then one INSERT that skips what is there. */
const sql = postgres(process.env.BARE_DATABASE_URL ?? '', { max: 1, onnotice: () => {} });

serveCalls(
  {
    run: async (csv: string) => {
      await sql.begin(async (tx) => {
        await tx`create temporary table lines (url text, company_name text, city text) on commit drop`;
        const target = await tx`copy lines from stdin with (format csv, header true)`.writable();
        await pipeline(Readable.from([csv]), target);
        await tx`insert into sample_leads (domain, url, company_name, city)
          select split_part(url, '/', 3), url, company_name, city from lines where url like 'http%'
          on conflict (domain) do nothing`;
      });
      return true;
    },
  },
  () => sql.end({ timeout: 5 }),
);
