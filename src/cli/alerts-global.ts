import { moveAlert } from '../control/alerts/change-alert.ts';
import { listAlerts } from '../control/alerts/repository.ts';
import { INSTALLATION } from '../control/alerts/rules.ts';
import { type AlertView, toAlertView } from '../control/alerts/schemas.ts';
import { withOwner } from './admin.ts';
import { CliError, EXIT } from './exit.ts';
import { operatorName } from './operator-name.ts';

/** Where alerts are read and changed: a tenant's over HTTP, the installation's on the owner's connection. */
export type AlertDoor = {
  list(which: { all: boolean; limit: number }): Promise<{ rows: AlertView[]; more: boolean }>;
  move(move: { id: string; verb: 'acknowledge' | 'resolve'; note: string | undefined }): Promise<AlertView>;
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The alerts of the whole installation, which no tenant sees and no API serves. */
export const installationAlerts: AlertDoor = {
  list: ({ all, limit }) =>
    withOwner((inTransaction) =>
      inTransaction(async (tx) => {
        const page = { limit, sort: 'raised_at', direction: 'desc', after: null } as const;
        const filter = all ? {} : { open: true };
        const { rows, next } = await listAlerts(tx, INSTALLATION, filter, page);
        return { rows: rows.map(toAlertView), more: next !== null };
      }),
    ),
  move: async ({ id, verb, note = null }) => {
    if (!UUID.test(id)) throw new CliError(EXIT.usage, 'Give the id of an alert, as the list shows it.');
    const move = {
      id,
      to: verb === 'acknowledge' ? ('acknowledged' as const) : ('resolved' as const),
      note,
      tenant: INSTALLATION,
      by: operatorName(),
      now: new Date(),
    };
    return withOwner((inTransaction) =>
      inTransaction(async (tx) => toAlertView((await moveAlert(tx, move)).row)),
    );
  },
};
