export { csvRow, pagedText } from './export.ts';
export {
  displayName,
  flagParam,
  identifier,
  idParam,
  momentField,
  momentInput,
  slugParam,
} from './fields.ts';
export { pageFields, pageOf } from './paging.ts';
export { READS_ONCE } from './patience.ts';
export { defineRoute, type HandlerBase, type Route } from './route.ts';
export { wantsSocket } from './socket.ts';
export { etagOf } from './version.ts';
