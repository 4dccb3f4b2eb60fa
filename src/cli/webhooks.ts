import { Command } from 'commander';
import type { DeliveryView, EndpointView } from '../control/webhooks/schemas.ts';
import { readAll } from './client.ts';
import { connect } from './connect.ts';
import { CliError, EXIT } from './exit.ts';
import { acting, print, printJson } from './output.ts';
import { plain, table } from './table.ts';

type Options = { json?: boolean; deliveries?: boolean; endpoint?: string; status?: string; limit: string };

/** `agos webhooks`: lists webhook endpoints, or deliveries to them. */
export function webhooksCommand(): Command {
  return new Command('webhooks')
    .description('list webhook endpoints; with --deliveries, what was sent to them')
    .option('--deliveries', 'deliveries instead of endpoints, newest first')
    .option('--endpoint <id>', 'only deliveries to this endpoint')
    .option('--status <status>', 'only deliveries in this status: pending, delivered or failed')
    .option('--limit <n>', 'how many at most', '50')
    .option('--json', 'one JSON line each')
    .action((options: Options) =>
      acting(options.json === true, async () => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1)
          throw new CliError(EXIT.usage, '--limit takes a number from 1.');
        if (!options.deliveries && (options.endpoint || options.status))
          throw new CliError(EXIT.usage, '--endpoint and --status go with --deliveries.');
        const { client } = await connect();
        const isMore = options.deliveries
          ? show(await readAll<DeliveryView>(client, deliveriesPath(options), limit), options, deliveryTable)
          : show(await readAll<EndpointView>(client, '/v1/webhook-endpoints', limit), options, endpointTable);
        // Not on standard output, which a script reads line by line.
        if (isMore)
          process.stderr.write(`The first ${limit}; there are more: narrow them or raise --limit.\n`);
        return EXIT.ok;
      }),
    );
}

function show<Row>(
  { rows, more }: { rows: readonly Row[]; more: boolean },
  { json }: Options,
  draw: (rows: readonly Row[]) => string,
): boolean {
  if (json) for (const row of rows) printJson(row);
  else print(draw(rows));
  return more;
}

function deliveriesPath({ endpoint, status }: Options): string {
  const query = new URLSearchParams();
  if (endpoint) query.set('endpoint_id', endpoint);
  if (status) query.set('status', status);
  return `/v1/webhook-deliveries?${query}`;
}

function endpointTable(endpoints: readonly EndpointView[]): string {
  const rows = endpoints.map((one) => [
    one.id,
    one.disabled_reason ? `disabled: ${one.disabled_reason}` : one.failing_since ? 'failing' : 'enabled',
    one.event_types?.join(', ') ?? 'every event',
    plain(one.url),
  ]);
  return table(['endpoint', 'state', 'events', 'url'], rows);
}

function deliveryTable(deliveries: readonly DeliveryView[]): string {
  const rows = deliveries.map((one) => [
    one.id,
    one.event_type,
    one.status,
    String(one.tries),
    one.error ?? String(one.status_code ?? ''),
    one.next_attempt_at ?? one.delivered_at ?? '',
  ]);
  return table(['delivery', 'event', 'status', 'tries', 'answer', 'next or delivered'], rows);
}
