import { z } from '@hono/zod-openapi';
import { defineRoute, identifier, momentField, type Route, slugParam } from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import { ROOMS } from '../../kernel/rooms.ts';
import { findPlaybook, findPlaybookVersion, listPlaybooks, type PlaybookRow } from './repository.ts';

const playbookView = z
  .strictObject({
    slug: z.string(),
    version: z.string(),
    room: z.enum(ROOMS),
    name: z.string(),
    industry_tags: z.array(z.string()),
    priority: z.number().int(),
    is_default: z.boolean(),
    config: z.record(z.string(), z.unknown()),
    created_at: momentField,
  })
  .openapi('Playbook');

const toView = (playbook: PlaybookRow): z.input<typeof playbookView> => ({
  slug: playbook.slug,
  version: playbook.version,
  room: playbook.room,
  name: playbook.name,
  industry_tags: playbook.industryTags,
  priority: playbook.priority,
  is_default: playbook.isDefault,
  config: playbook.config,
  created_at: playbook.createdAt.toISOString(),
});

const tag = 'Playbooks';

/** The playbooks of all rooms: the same for every tenant. */
export const playbookRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/playbooks',
    operationId: 'listPlaybooks',
    summary: 'List playbooks, each in its newest version',
    tag,
    permission: 'playbooks:read',
    transaction: 'read_once',
    responses: {
      200: { description: 'Playbooks.', schema: z.strictObject({ data: z.array(playbookView) }) },
    },
    handler: async ({ tx }) => ({ status: 200, body: { data: (await listPlaybooks(tx)).map(toView) } }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/playbooks/{slug}',
    operationId: 'getPlaybook',
    summary: 'Get a playbook',
    tag,
    permission: 'playbooks:read',
    transaction: 'read_once',
    request: {
      params: z.strictObject({ slug: slugParam }),
      query: z.strictObject({ version: identifier(50).optional() }),
    },
    responses: { 200: { description: 'The version asked for, else the newest.', schema: playbookView } },
    handler: async ({ tx, params: { slug }, query: { version } }) => {
      const playbook = await (version === undefined
        ? findPlaybook(tx, slug)
        : findPlaybookVersion(tx, slug, version));
      if (!playbook) throw new AgosError('not_found', 'There is no such playbook.');
      return { status: 200, body: toView(playbook) };
    },
  }),
];
