import { describe, expect, test } from 'vitest';
import { judgePageKind, type SeenPage } from './page-kind.ts';

const BANNER =
  '<div class="cc"><p>We and our partners use cookies to store personal data. You can accept all cookies or manage your privacy choices. See our privacy policy on cookies.</p><button>Accept all cookies</button></div>';
const CONSENT = `<h1>Before you continue</h1>${BANNER}`;
const BUSINESS = `<nav><a href="/">Home</a><a href="/menu">Menu</a><a href="/contact">Contact</a></nav>
  <h1>Harbour Bakery</h1><h2>Fresh every morning</h2><p>${'We bake sourdough, rye and seeded loaves by hand, every day but Monday. '.repeat(12)}</p>
  <p>Call us on <a href="tel:+4412345">01234 5</a>.</p>`;

function kindOf(html: string, more: Partial<SeenPage> = {}): string | null {
  return (
    judgePageKind({
      url: 'https://harbour.example/',
      status: 200,
      headers: {},
      html,
      isRendered: true,
      ...more,
    })?.code ?? null
  );
}

describe('walls', () => {
  const walls: [string, string, Partial<SeenPage>][] = [
    [
      'Cloudflare by header',
      '<title>Just a moment...</title>',
      { status: 403, headers: { 'cf-mitigated': 'challenge' } },
    ],
    [
      'Cloudflare by script',
      '<title>Just a moment...</title><script>(function(){window._cf_chl_opt={cvId:"3"}})()</script>',
      { status: 503 },
    ],
    [
      'Cloudflare block page',
      '<title>Attention Required! | Cloudflare</title><div id="cf-wrapper"><h1>Sorry, you have been blocked</h1></div>',
      { status: 403 },
    ],
    [
      'Akamai',
      "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access this server.<P>Reference&#32;&#35;18&#46;2ad</BODY>",
      { status: 403 },
    ],
    [
      'Imperva',
      '<html><body><iframe id="main-iframe" src="/_Incapsula_Resource?CWUDNSAI=9&incident_id=1-2">Request unsuccessful.</iframe></body>',
      {},
    ],
    [
      'DataDome',
      '<p id="cmsg">Please enable JS and disable any ad blocker</p><script>var dd={"rt":"c"}</script><script src="https://ct.captcha-delivery.com/c.js"></script>',
      { status: 403 },
    ],
    [
      'PerimeterX',
      '<title>Access to this page has been denied</title><div id="px-captcha"></div>',
      { status: 403 },
    ],
    ['Sucuri', '<title>Sucuri WebSite Firewall - Access Denied</title>', { status: 403 }],
    ['Sucuri script', '<script>sucuri_cloudproxy_js="";S="x"</script>', {}],
    [
      'SiteGround',
      '<meta http-equiv="refresh" content="0;/.well-known/sgcaptcha/?r=%2F">',
      { status: 202, headers: { 'sg-captcha': 'challenge' } },
    ],
    ['AWS WAF', '', { status: 405, headers: { 'x-amzn-waf-action': 'captcha' } }],
    ['Imunify360', '<title>One moment, please...</title><script>var wsidchk=1</script>', {}],
    [
      'an unknown vendor',
      '<title>One moment</title><p>Checking your browser before accessing harbour.example.</p>',
      { status: 503 },
    ],
    ['an unknown vendor that answers 200', '<title>Are you human?</title><p>Tick the box.</p>', {}],
    ['basic authentication', 'Unauthorized', { status: 401, headers: { 'www-authenticate': 'Basic' } }],
    [
      'WordPress login alone',
      '<title>Log In &lsaquo; Harbour - WordPress</title><form><label>Username</label><input name="log"><input type="password" name="pwd"><input type=submit value="Log In"></form><a href="/wp-login.php?action=lostpassword">Lost your password?</a>',
      {},
    ],
    [
      'German login alone',
      '<h1>Anmelden</h1><form><input name=u><input type="PASSWORD"><button>Einloggen</button></form>',
      {},
    ],
    ...[
      ['French', 'Espace client', 'Mot de passe', 'Se connecter', 'Mot de passe oublié ?'],
      ['Spanish', 'Área privada', 'Contraseña', 'Iniciar sesión', '¿Olvidó su contraseña?'],
      ['Italian', 'Area riservata', 'Password', 'Accedi', 'Password dimenticata?'],
      ['Dutch', 'Mijn omgeving', 'Wachtwoord', 'Inloggen', 'Wachtwoord vergeten?'],
      ['Polish', 'Panel klienta', 'Hasło', 'Zaloguj się', 'Nie pamiętasz hasła?'],
    ].map(([language, title, password, button, lost]): [string, string, Partial<SeenPage>] => [
      `${language} login alone`,
      `<title>${title}</title><h1>${title}</h1><form><input name=u><label>${password}</label><input type=password><button>${button}</button></form><a href=/lost>${lost}</a><footer>© 2025 Portal GmbH</footer>`,
      {},
    ]),
    [
      'a login that is built without a form element',
      '<h1>Sign in to your account</h1><div>Email <input> Password <input type=password> <button>Sign in</button> Remember me on this device</div><a href=/r>Forgot your password?</a><a href=/n>New here? Sign in with a code instead of a password.</a>',
      {},
    ],
    ['consent alone', CONSENT, {}],
    ['consent alone, asked by scripts', `${CONSENT}<div id=app>x</div><script src=/cmp.js></script>`, {}],
    [
      'consent host',
      '<p>Bevor Sie fortfahren</p>',
      { url: 'https://consent.example.com/collectConsent?sessionId=1', isRendered: false },
    ],
  ];
  test.each(walls)('%s is a wall', (_name, html, more) => {
    expect(kindOf(html, more)).toBe('blocked');
  });

  const sites: [string, string, Partial<SeenPage>][] = [
    [
      'a page with a login form',
      `${BUSINESS}<form><input name=user><input type=password><button>Log in</button></form>`,
      {},
    ],
    [
      'a short page with phone number and staff login',
      '<h1>Joe Plumbing</h1><a href="tel:123">Call</a><form>Staff login <input type=password></form>',
      {},
    ],
    ...[
      '<p>Call 020 7946 0991 or +44 20 7946 0992.</p>',
      '<p>Call (415) 555-0134.</p>',
      '<p>Write to office@adlers.example.</p>',
      '<a href="mailto:office@adlers.example">Write to us</a>',
      '<nav><a href=/>Home</a><a href=/tax>Tax</a><a href=/pay>Payroll</a><a href=/us>About</a></nav>',
      '<p>We keep the books of small firms, file their tax returns and run their payroll, in Ely and the fens around it.</p>',
    ].map((own): [string, string, Partial<SeenPage>] => [
      `a short page with a login for clients and ${own.slice(0, 24)}`,
      `<h1>Adlers, accountants</h1>${own}<dialog><form>Client login <input name=u><input type=password><button>Log in</button></form></dialog>`,
      {},
    ]),
    [
      'a contact form behind reCAPTCHA',
      `${BUSINESS}<form><div class="g-recaptcha"></div></form><script src="https://www.google.com/recaptcha/api.js"></script>`,
      {},
    ],
    [
      'a cookie banner over a page',
      `${BUSINESS}<div class=banner>We use cookies. <button>Accept all</button></div>`,
      {},
    ],
    ['the source of a page that says nothing but its banner yet', CONSENT, { isRendered: false }],
    [
      'a banner over a shell that its scripts did not fill in time',
      `<div id="root"></div>${BANNER}<script src="/main.js"></script>`,
      {},
    ],
    [
      'a banner over a shell that keeps its place by a comment',
      `<div id="__next"><!-- --></div>${BANNER}<script>start()</script>`,
      {},
    ],
    ['a banner over pictures', `<h1>Mara Lindt</h1>${'<img src=/a.jpg alt>'.repeat(12)}${BANNER}`, {}],
    ['a banner and a phone number', `<h1>Mara Lindt</h1><p>0511 123456</p>${BANNER}`, {}],
    ['a banner and a mail address', `<h1>Mara Lindt</h1><p>mara@lindt.example</p>${BANNER}`, {}],
    ['a banner and a menu', `<nav><a href=/work>Work</a></nav><h1>Mara Lindt</h1>${BANNER}`, {}],
    [
      'a one-line site with a cookie notice',
      "<h1>Joe's Garage</h1><p>Repairs of all makes, MOT and tyres, at 12 Mill Lane, Ely, Monday to Friday from 8 to 5. Ask for a quote on 01353 55 55 and we come to you.</p><p>We use cookies. Accept</p>",
      {},
    ],
    [
      'a page behind Cloudflare with its detection script',
      `${BUSINESS}<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>`,
      { headers: { server: 'cloudflare' } },
    ],
    [
      'a page behind DataDome',
      `${BUSINESS}<script src="https://js.datadome.co/tags.js"></script>`,
      { headers: { 'x-datadome': 'protected' } },
    ],
    ['a page behind Imperva', `${BUSINESS}<script src="/_Incapsula_Resource?SWJIYLWA=7"></script>`, {}],
    [
      'an empty shell of a script-built site',
      '<title>Harbour Bakery</title><div id=root></div><script src="/main.js"></script>',
      {},
    ],
    [
      'a locksmith who writes of passwords',
      `<h1>Locks</h1><p>${'We set up access control and password safes. '.repeat(20)}</p>`,
      {},
    ],
    [
      'an article on privacy',
      `<h1>GDPR advice</h1><p>${'We advise on cookies, consent and privacy. '.repeat(40)}</p><a href=/x>Accept</a>`,
      {},
    ],
    [
      'an outage of a firm that sells protection',
      '<h1>Down for maintenance</h1><p>Our alarm and protection service is back soon.</p>',
      { status: 503 },
    ],
    [
      'a browser maker',
      '<title>Harbour Browser</title><p>Checking your browser for updates is easy.</p><a href=/get>Get it</a>',
      {},
    ],
    ['a plain refusal', '<h1>403 Forbidden</h1><p>You do not have permission.</p>', { status: 403 }],
    [
      'a plain error',
      '<title>503 Service Unavailable</title>',
      { status: 503, headers: { server: 'cloudflare' } },
    ],
    ['a page not found', '<h1>Not Found</h1>', { status: 404 }],
  ];
  test.each(sites)('%s is no wall', (_name, html, more) => {
    expect(kindOf(html, more)).toBeNull();
  });
});

describe('parked domains', () => {
  const parked: [string, string, Partial<SeenPage>][] = [
    [
      'Sedo',
      '<title>harbour.example</title><script src="https://img.sedoparking.com/js/main.js"></script><p>Related links</p>',
      {},
    ],
    ['GoDaddy', '<script>window.onload=function(){window.location.href="/lander"}</script>', {}],
    [
      'GoDaddy lander',
      '<script>window.LANDER_SYSTEM="PW"</script><script src="https://img1.wsimg.com/parking-lander/static/js/main.js"></script>',
      {},
    ],
    ['ParkingCrew', '<html data-adblockkey="MFwwDQ_abc"><body><script>window.park = "eyJ1"</script>', {}],
    ['Bodis', '<script>window.park = "eyJ1dWlkIjoi"</script><div id=target></div>', {}],
    [
      'redirect to a marketplace',
      '<title>harbour.com is for sale</title>',
      {
        url: 'https://www.hugedomains.com/domain_profile.cfm?d=harbour.com',
        requestedUrl: 'https://harbour.com/',
      },
    ],
    [
      'an offer with a mail address',
      '<p>This domain is for sale. Write to info@harbour.example or use sedo.com.</p>',
      {},
    ],
    ['an offer', '<h1>harbour.example</h1><p>This domain is for sale. Make an offer.</p>', {}],
    ['an offer by name', '<h1>harbour.example is for sale</h1><form>Your offer <input></form>', {}],
    ['a German offer', '<p>Diese Domain steht zum Verkauf.</p>', {}],
    ['an expired domain', '<p>This domain name has expired. Renew it with your registrar.</p>', {}],
    ['parked free', '<p>harbour.example is parked free, courtesy of GoDaddy.com.</p>', {}],
    [
      'nginx default',
      '<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is installed.</p>',
      {},
    ],
    ['Apache default', '<title>Apache2 Debian Default Page: It works</title>', {}],
    ['cPanel default', '<title>Default Web Site Page</title>', {}],
    ['registrar', '<p>Domain im Kundenauftrag registriert</p>', {}],
  ];
  test.each(parked)('%s is parked', (_name, html, more) => {
    expect(kindOf(html, more)).toBe('domain_parked');
  });

  const alive: [string, string, Partial<SeenPage>][] = [
    [
      'a coming-soon page',
      '<title>Coming soon</title><h1>Our new website is on its way</h1><p>Harbour Bakery opens in June. Follow us.</p>',
      {},
    ],
    [
      'an under-construction page',
      '<h1>Under construction</h1><p>Call us on 01234 555 while we build.</p>',
      {},
    ],
    [
      'a domain dealer',
      '<h1>Premium domains for sale</h1><p>Buy this domain today: bakery.com, plumber.net, dentist.org, florist.io. Prices from $500.</p>',
      {},
    ],
    [
      'a domain broker with two offers and a phone',
      '<h1>Diese Domain steht zum Verkauf?</h1><p>Wir vermitteln. radweg.example 900 €. hafen.example 400 €.</p><p>Ring 1, Bonn, 0228 555 01 23</p>',
      {},
    ],
    [
      'a registrar',
      `<h1>Register your domain</h1><p>${'Find a domain for sale, compare prices and transfer names. '.repeat(30)}</p>`,
      {},
    ],
    [
      'a marketplace that is the lead itself',
      '<h1>Domains</h1><p>Millions of names.</p>',
      { url: 'https://dan.com/', requestedUrl: 'https://dan.com/' },
    ],
    [
      'an article about parking domains',
      `${BUSINESS}<p>This domain is for sale, said the page.</p><p>${'And more. '.repeat(100)}</p>`,
      {},
    ],
    [
      'a link to a marketplace',
      `<h1>Joe</h1><p>Bought at <a href="https://sedo.com/search">Sedo</a>.</p>`,
      {},
    ],
    [
      'a car park',
      '<h1>City Parking</h1><p>Your car is parked by our valet and parked at level 2. This is for sale: season tickets.</p>',
      {},
    ],
    [
      'an estate agent',
      '<h1>For sale</h1><p>This house is for sale. The property is for sale by owner.</p>',
      {},
    ],
    ['a small business page', BUSINESS, {}],
  ];
  test.each(alive)('%s is not parked', (_name, html, more) => {
    expect(kindOf(html, more)).toBeNull();
  });
});
