import { AgosError } from '../../kernel/errors.ts';
import type { Route } from './route.ts';

/** Methods that a path without parameters lacks, but that one with parameters would answer in its place. */
export function hiddenMethods(routes: readonly Route[]): [path: string, method: string][] {
  const fixed = new Set(routes.map(({ path }) => path).filter((path) => !path.includes('{')));
  return [...fixed].flatMap((path) => {
    const own = methodsOf(path, routes);
    const others = routes.filter((route) => matches(route.path, path)).map(methodOf);
    return [...new Set(others)].filter((method) => !own.includes(method)).map((method) => [path, method]);
  });
}

/** What to refuse a request with that no route answers: a path for other methods is told apart from none at all. */
export function missing(path: string, routes: readonly Route[]): AgosError {
  const allow = methodsOf(path, routes);
  if (allow.length === 0) return new AgosError('not_found', 'There is no such path.');
  return new AgosError('method_not_allowed', `This path answers ${allow.join(', ')}.`, { allow });
}

/** What a path answers: its own routes before those that take it for a parameter. */
function methodsOf(path: string, routes: readonly Route[]): string[] {
  const own = routes.filter((route) => route.path === path);
  return (own.length > 0 ? own : routes.filter((route) => matches(route.path, path))).map(methodOf);
}

const methodOf = ({ method }: Route): string => method.toUpperCase();

function matches(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => (part.startsWith('{') ? given[index] !== '' : part === given[index]))
  );
}
