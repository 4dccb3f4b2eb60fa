import type { HoldCode } from '../../kernel/holds.ts';

export type HoldWords = { title: string; happened: string; next: string };

const AGAIN = 'Nothing is wrong with the site as far as we know. Start the scan again.';

const WORDS: Record<HoldCode, HoldWords> = {
  unreachable: {
    title: 'The site could not be reached',
    happened: 'No server answered under this address.',
    next: 'Check the spelling of the address. If it is right, the site may be down: try again later, or ask the business.',
  },
  domain_parked: {
    title: 'There is no site under this address',
    happened: 'The address is registered, but it shows a seller’s or a registrar’s page and no business.',
    next: 'Look for the address the business uses today. A business without a site may be worth a call.',
  },
  http_error: {
    title: 'The server answered with an error',
    happened: 'Instead of the page the server sent an error.',
    next: 'Try again later. If the error stays, the business is losing every visitor: that is worth a call.',
  },
  blocked: {
    title: 'The site does not let us in',
    happened: 'It shows a check against robots, a login or a question about consent and nothing else.',
    next: 'Look at the site by hand. We do not get around such checks.',
  },
  not_html: {
    title: 'There is no web page under this address',
    happened: 'The address leads to a file, not to a page.',
    next: 'Correct the address so that it leads to the home page.',
  },
  redirect_forbidden: {
    title: 'The site leads somewhere we do not go',
    happened: 'It sends visitors on to an address that is private or not allowed.',
    next: 'Open the address by hand with care, or use the address the business prints on its papers.',
  },
  too_many_redirects: {
    title: 'The site sends visitors in circles',
    happened: 'It leads on and on and never to a page.',
    next: 'Visitors meet the same. Tell the business, or try another of its addresses.',
  },
  page_timeout: {
    title: 'The page did not finish in time',
    happened: 'The page kept loading, or kept the browser busy, beyond our limit.',
    next: 'Try again at a calmer time. If it stays so, visitors give up as well: that is worth a call.',
  },
  page_too_large: {
    title: 'The page is too large to be scanned',
    happened: 'It sends more data than we accept from one page.',
    next: 'Look at the site by hand; a page this heavy keeps phones waiting.',
  },
  browser_crashed: {
    title: 'The browser broke down on this page',
    happened: 'The page brought the browser down more than once.',
    next: 'Start the scan again. If it happens again, look at the site by hand.',
  },
  target_forbidden: {
    title: 'The address leads into a private network',
    happened: 'We open public sites only, and this address is not one.',
    next: 'Check the address. A public site has a public address.',
  },
  browser_sandbox_unavailable: {
    title: 'Our browser could not be started safely',
    happened: 'The machine that scans does not let the browser shut itself in, so we opened nothing.',
    next: 'Whoever runs this machine can see with the command "agos doctor" what to change.',
  },
  cancelled: {
    title: 'The scan was cancelled',
    happened: 'Someone ended it before it was done.',
    next: AGAIN,
  },
  run_terminated: {
    title: 'The scan was ended from outside',
    happened: 'An operator ended it before it was done.',
    next: AGAIN,
  },
  run_timed_out: {
    title: 'The scan took too long',
    happened: 'It was ended after its time was up.',
    next: AGAIN,
  },
  run_stuck: {
    title: 'The scan did not move on',
    happened: 'It failed again and again at the same step and was ended.',
    next: 'Whoever runs this machine should look at the log of the worker, then start the scan again.',
  },
  run_lost: {
    title: 'The scan was lost',
    happened: 'It was started, and no trace of it is left.',
    next: AGAIN,
  },
  worker_lost: {
    title: 'The scan was broken off',
    happened: 'The machine that scanned the site went away, at every try.',
    next: 'Start the scan again. If it happens again with this site alone, whoever runs this system should know.',
  },
  kill_switch_on: {
    title: 'The scan was stopped',
    happened: 'Somebody turned the kill switch on, which stops everything.',
    next: 'Nothing is wrong with the site. Start the scan again once the switch is off.',
  },
  tenant_suspended: {
    title: 'The scan did not go ahead',
    happened: 'The account of your agency is suspended, so nothing new begins.',
    next: 'Ask whoever runs this system. Then start the scan again.',
  },
  subscription_inactive: {
    title: 'The scan was not started',
    happened: 'The subscription of your agency is not active.',
    next: 'Start the scan again as soon as the subscription is active.',
  },
  quota_exceeded: {
    title: 'The scan was not started',
    happened: 'Whoever asked for it has used up the scans of this month.',
    next: 'Start the scan again next month, or ask for a larger plan.',
  },
  credits_exhausted: {
    title: 'The scan was not started',
    happened: 'Your agency has used up its scans of this month.',
    next: 'Start the scan again next month, or ask for a larger plan.',
  },
  budget_exceeded: {
    title: 'There was no budget for the scan',
    happened: 'What may be spent on one day, or by one user in one month, was used up.',
    next: 'Start the scan again when there is room: the next day or month begins at 00:00 UTC.',
  },
  internal_error: {
    title: 'Something of ours failed',
    happened: 'The scan ended by an error that is not the site’s.',
    next: 'Start the scan again. If it happens again, the log of the worker says what it was.',
  },
};

/** What to tell a reader about a scan that gave no result. */
export function holdWords(code: HoldCode): HoldWords {
  return WORDS[code];
}
