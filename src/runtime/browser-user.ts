/**
 * Whom Chromium runs as when we are root: an id that Debian gives to no user, so that nothing else on the
 * machine runs as it, no account has to be made, and a worker needs no word from whoever found the browser.
 */
export const BROWSER_USER = { uid: 64_242, gid: 64_242 };
