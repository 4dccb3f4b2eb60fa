/** Statuses that our own filtering proxy answers with when it refuses or cannot reach a target. */
export function failedBecauseOfUs(status: number): boolean {
  return status >= 590 && status <= 599;
}

/** Whether two addresses belong to one site: the same host, with or without `www.`, or a host below it. */
export function sameSite(a: string, b: string): boolean {
  try {
    const [one, other] = [a, b].map((url) => new URL(url).hostname.replace(/^www\./, '')) as [string, string];
    return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
  } catch {
    return false;
  }
}
