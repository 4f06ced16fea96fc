// What every view is built with: elements and marks, calls to /v1, the shell around the view, the event stream.

import * as w from './words.js';
const { t } = w;

// Elements. Text only ever becomes text nodes; there is no markup from strings.

/** An element; `on` holds listeners, a child that is null, undefined or false is left out. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}
function fill(element, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  for (const [kind, listener] of Object.entries(on)) element.addEventListener(kind, listener);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
/** Puts new content in place of the old. */
export function show(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Marks, 16 px, drawn with the text's colour; a word always stands beside them.
const shapes = {
  overridden: 'M5 9V4.5a1 1 0 0 1 2 0V8 3a1 1 0 0 1 2 0v5-4a1 1 0 0 1 2 0v6c0 3-1.5 4.5-4 4.5S3.5 13 2.5 9.5a1 1 0 0 1 2-.5z',
  estimated: 'M2.5 6.5c2-2.5 4-2 5.5-.8s3.5 1.6 5.5-.8M2.5 11c2-2.5 4-2 5.5-.8s3.5 1.6 5.5-.8',
  suspect: 'M5.5 5.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.9M8 12.6v.6',
  'out-of-range': 'M3 2.5h10M8 14V6M4.8 9 8 5.8 11.2 9',
  stale: 'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8zM8 4.5V8l2.5 1.8',
  offline: 'M6.5 5 8 3.5a3 3 0 0 1 4.3 4.3L11 9M5 7 3.7 8.2a3 3 0 0 0 4.3 4.3L9.5 11M2.5 4.2l2 .6M5 2l.5 2M13.5 11.8l-2-.6M11 14l-.5-2',
  'no-value': 'M4 8h8',
  'device-fault': 'M2.5 2.5h11v11h-11zM8 5v3.8M8 10.8v.6',
  withheld: 'M1.8 7.5c3.5 4 8.9 4 12.4 0M3.8 10.2 2.5 12M12.2 10.2 13.5 12M8 11v2',
  erased: 'M4 1.8h5.5L12 4.3v9.9H4zM2 13.5l12-11',
  holds: 'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8zM8 7.2a.8.8 0 1 1 0 1.6.8.8 0 0 1 0-1.6z',
  notes: 'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8zM5 8h6',
  fails: 'M9.5 2A6.2 6.2 0 0 1 14 7M14 9.5A6.2 6.2 0 0 1 8 14.2M5.8 13.8A6.2 6.2 0 0 1 6 2.1M6 6l4 4M10 6l-4 4',
  unknown: 'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z',
  open: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11z',
  live: 'M2 8h2.5l1.5-4 3 8 2-4h3',
  next: 'M6 3.5 10.5 8 6 12.5',
};
const filled = { sealed: 'M8 8V3a5 5 0 0 1 0 10z', submitted: 'M8 8h5A5 5 0 1 1 8 3z', anchored: 'M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3z' };
export function mark(name) {
  const half = filled[name];
  return svg('svg', { class: 'mark', viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { d: half ? shapes.open : shapes[name] ?? shapes.unknown, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.5,
      'stroke-linecap': 'round', 'stroke-linejoin': 'round' }),
    half && svg('path', { d: half, fill: 'currentColor' }));
}
/** A quality as mark and word; good is quiet and shows nothing unless asked. */
export const qualityTag = (name, loud = false) => (name === 'good' && !loud ? null
  : h('span', { class: 'quality ' + name }, name === 'good' ? null : mark(name), ' ', w.quality(name)));
export const proofTag = (name) => h('span', { class: 'proof ' + name }, mark(name), ' ', t('proof.' + name));
/** An absolute time with its machine form. */
export const timeTag = (ms, text = w.moment(ms)) => h('time', { datetime: new Date(ms).toISOString() }, text);
/** `(5 s ago)`, counted on while the page stands. */
export const agoTag = (ms) => h('span', { class: 'ago', 'data-since': ms }, w.ago(ms));
/** A hash one can read and copy. */
export function hashTag(hash, label) {
  const copy = h('button', { type: 'button', class: 'small', 'aria-label': t('copy.what', { what: label }), on: { click: async () => {
    await navigator.clipboard?.writeText(hash);
    say(t('copy.done', { what: label }));
  } } }, t('copy'));
  return h('span', { class: 'hash' }, h('code', {}, hash.startsWith('0x') ? '0x' : '', w.grouped(hash)), ' ', copy);
}

// Addresses. What the reader chose for this window travels in the query.
const carried = ['times', 'keys'];
const query = new URLSearchParams(location.search);
export function to(path, values = {}) {
  const next = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== null && value !== undefined) next.set(name, value);
  for (const name of carried) if (query.has(name) && !(name in values)) next.set(name, query.get(name));
  return next.size ? `${path}?${next}` : path;
}
export const pointAddress = (id, values) => to('/points/' + encodeURIComponent(id), values);
export const entityAddress = (id) => to('/building/' + encodeURIComponent(id));
export const asked = (name) => query.get(name);
/** The id behind `/points/` or `/building/`, null where there is none. */
export const pathId = () => (location.pathname.split('/')[2] ? decodeURIComponent(location.pathname.split('/')[2]) : null);
/** Writes state into the address without a new page. */
export function keep(values) {
  const next = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) if (value === null) next.delete(name); else next.set(name, value);
  history.replaceState(null, '', location.pathname + (next.size ? '?' + next : ''));
}

// Calls.

/** A refusal as RFC 9457 gives it, or the network's silence. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.title ?? t('problem.title'));
    Object.assign(this, { status, title: this.message, detail: body.detail ?? '', code: body.code ?? '', instance: body.instance ?? '', body });
  }
}
export async function call(path, { method = 'GET', accept = 'application/json', headers = {}, body } = {}) {
  let answer;
  try {
    answer = await fetch(path, { method, body, credentials: 'same-origin', headers: { Accept: accept, 'Accept-Language': w.language, ...headers } });
  } catch {
    throw new Problem(0, { title: t('problem.silent'), detail: t('problem.silent.do') });
  }
  const date = Date.parse(answer.headers.get('Date') ?? '');
  if (Math.abs(date - Date.now()) > 6000) w.setClock(date);
  if (answer.ok) return answer;
  if (answer.status === 401 && document.body.dataset.view !== 'sign-in') {
    location.assign('/sign-in?' + new URLSearchParams({ next: location.pathname + location.search }));
  }
  throw new Problem(answer.status, await answer.json().catch(() => ({})));
}
export const get = async (path) => (await call(path)).json();
/** Every item of a list, page after page; `isCut` where more are left than so many pages hold. */
export async function all(path, pages = 20) {
  const items = [];
  let next = path;
  for (; next && pages > 0; pages -= 1) {
    const answer = await get(next);
    items.push(...answer.items);
    next = answer.next;
  }
  items.isCut = Boolean(next);
  return items;
}
/** The name the gateway gives a file, else ours. */
export const nameOf = (answer, otherwise) => /filename="([^"\\/]+)"/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? otherwise;
/** Hands bytes to the reader as a file. */
export function save(blob, name) {
  const link = h('a', { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
export async function sha256(blob) {
  if (!crypto.subtle) return null;
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Runs at most once in so many milliseconds, after the last of a burst began. */
export function later(run, ms) {
  let queued = null;
  return () => { queued ??= setTimeout(() => { queued = null; run(); }, ms); };
}

// Panels.

/** A part of a view that loads by itself: quiet for 200 ms, then its skeleton, then content or its own problem. */
export function panel(element, load) {
  let running = 0;
  const run = async () => {
    const mine = ++running;
    if (!element.childElementCount) show(element, h('div', { class: 'wait', role: 'status' }, t('state.loading')));
    try {
      const content = await load();
      if (mine === running && content) show(element, content);
    } catch (problem) {
      if (mine === running) show(element, problemBox(problem, run));
      if (!(problem instanceof Problem)) console.error(problem);
    }
  };
  run();
  return run;
}
/** A sentence of the gateway with its UTC instants written as every time on this page. */
const inOurZone = (text) => text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (instant) => w.moment(w.instant(instant)));
export function problemBox(problem, again) {
  return h('div', { class: 'box fails' }, h('p', {}, mark('fails'), ' ', h('strong', {}, problem.title || t('problem.title'))),
    problem.detail && h('p', {}, inOurZone(problem.detail)),
    problem.instance && h('p', { class: 'quiet' }, t('problem.number', { n: '' }), ' ', h('code', {}, problem.instance.replace('urn:uuid:', ''))),
    again && h('p', {}, h('button', { type: 'button', on: { click: again } }, t('problem.again'))));
}
/** A polite word for those who cannot see the change; the last one within ten seconds wins. */
let spoken = 0;
let waiting;
export function say(text, atOnce = true) {
  clearTimeout(waiting);
  const speak = () => {
    spoken = Date.now();
    document.getElementById('said').textContent = text;
  };
  const rest = atOnce ? 0 : Math.max(0, 10000 - (Date.now() - spoken));
  if (rest) waiting = setTimeout(speak, rest); else speak();
}

// The shell.

/** Facts about the gateway, `GET /v1`; null on the sign-in page. */
export let gateway = null;
const heading = () => document.querySelector('h1');
/** Asks again what the gateway says of itself: how far the record is sealed and fixed. */
export async function renew() { gateway = await get('/v1'); }
/** When the record began, ms; what lies before is no gap. */
export const began = () => w.instant(gateway?.recordedSince ?? '') || 0;
/** The gaps of completeness rows after the record began, the newest first; one that several streams share is one gap. */
export function gapsOf(rows) {
  const found = new Map();
  for (const { gaps } of rows) {
    for (const gap of gaps) {
      const [fromMs, toMs] = [Math.max(w.instant(gap.from), began()), w.instant(gap.to)];
      if (fromMs < toMs) found.set(`${fromMs} ${toMs} ${gap.cause}`, { fromMs, toMs, cause: gap.cause });
    }
  }
  return [...found.values()].sort((a, b) => b.fromMs - a.fromMs);
}
/** The view's own title in heading and window. */
export function title(text, ...beside) {
  show(heading(), text, ...beside);
  document.title = `${text} · ${t('view.' + document.body.dataset.view)} · ${document.body.dataset.building}`;
}

export async function start(view) {
  shell();
  const main = document.getElementById('view');
  try {
    gateway = await get('/v1');
    w.setClock(w.instant(gateway.now));
    beat();
    person(gateway.grant);
    await view(main);
  } catch (problem) {
    if (!(problem instanceof Problem)) console.error(problem);
    if (problem.status !== 401) show(main, problemBox(problem, () => location.reload()));
  }
}

let beat;
export function shell() {
  const settings = document.getElementById('settings');
  for (const link of document.querySelectorAll('a[data-way]')) link.href = to(link.getAttribute('href'));
  for (const field of document.querySelectorAll('form.search')) {
    for (const name of carried) if (query.has(name)) field.append(h('input', { type: 'hidden', name, value: query.get(name) }));
  }
  const cookie = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; SameSite=Lax`; };
  settings.querySelector('[name=lang]').value = w.language;
  settings.querySelector('[name=theme]').value = document.documentElement.dataset.theme;
  settings.querySelector('[name=times]').value = w.isUTC ? 'utc' : 'building';
  settings.querySelector('[name=keys]').checked = query.get('keys') !== 'off';
  settings.addEventListener('change', ({ target }) => {
    if (target.name === 'lang') { cookie('lang', target.value); location.reload(); }
    if (target.name === 'theme') { cookie('theme', target.value); document.documentElement.dataset.theme = target.value; }
    if (target.name === 'times') { keep({ times: target.value === 'utc' ? 'utc' : null }); location.reload(); }
    if (target.name === 'keys') { keep({ keys: target.checked ? null : 'off' }); location.reload(); }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && settings.open) { settings.open = false; settings.querySelector('summary').focus(); }
    const typing = event.target.closest('input, select, textarea') || event.ctrlKey || event.metaKey || event.altKey;
    if (event.key === '/' && !typing && query.get('keys') !== 'off') {
      document.querySelector('form.search input[type=search]')?.focus();
      event.preventDefault();
    }
  });
  document.addEventListener('click', ({ target }) => { if (!settings.contains(target)) settings.open = false; });
  const clock = document.getElementById('clock');
  const zone = document.getElementById('zone');
  beat = () => {
    if (!w.isClockKnown) return;
    clock.textContent = `· ${w.time(w.now())}`;
    if (zone.textContent !== w.zoneName()) zone.textContent = w.zoneName();
    for (const age of document.querySelectorAll('[data-since]')) age.textContent = w.ago(Number(age.dataset.since));
  };
  beat();
  setInterval(beat, 1000);
}

function person(grant) {
  const roles = ['facility', 'auditor', 'tenant'];
  for (const link of document.querySelectorAll('a[data-roles]')) {
    if (roles.includes(grant.role) && !link.dataset.roles.includes(grant.role)) link.closest('li').remove();
  }
  show(document.getElementById('person'), h('p', {}, t('role', { role: roles.includes(grant.role) ? t('role.' + grant.role) : grant.role }),
    grant.until ? h('span', { class: 'quiet' }, ' ', t('role.until', { t: w.moment(w.instant(grant.until), false) })) : null),
    h('button', { type: 'button', on: { click: async () => {
      await call('/session', { method: 'DELETE' }).catch(() => null);
      location.assign('/sign-in');
    } } }, t('sign-out')));
}

// The stream. Only a visible page holds one; silence is told, never hidden.

const silentAfterMs = 30000;
const closedAfterHiddenMs = 60000;
const pollMs = 15000;

/**
 * Follows `/v1/events` and keeps the connection mark true. `on(kind, data)` takes what is new; `refetch` reads again
 * what is visible, after every break and while no stream can be had.
 */
export function listen({ points = [], kinds, on, refetch }) {
  const address = '/v1/events?' + new URLSearchParams([...points.map((id) => ['points', id]), ...kinds.map((kind) => ['kinds', kind])]);
  let source = null;
  let heard = Date.now(); // last event of any kind, by this device's clock
  let news = w.now(); // last one that was not a heartbeat, by the gateway's
  let asOf = w.now(); // what is shown is at least as old as this
  let broken = false;
  let polled = Date.now();
  let patience = 2000; // a stream that was just left may still be counted
  let hiddenSince = document.hidden ? Date.now() : 0;

  const received = (kind, event) => {
    heard = Date.now();
    const data = JSON.parse(event.data);
    if (data.now) w.setClock(w.instant(data.now));
    asOf = w.now();
    if (kind === 'hello') {
      if (broken) refetch();
      broken = false;
      patience = 2000;
    } else if (kind === 'reset') refetch();
    else if (kind !== 'tick') { news = w.now(); on(kind, data); }
    draw();
  };
  const open = () => {
    source = new EventSource(address);
    for (const kind of ['hello', 'tick', 'reset', ...kinds]) source.addEventListener(kind, (event) => received(kind, event));
    source.onerror = () => { broken = true; draw(); };
  };
  const close = () => { source?.close(); source = null; broken = true; };
  const state = () => {
    const streaming = source && source.readyState !== EventSource.CLOSED;
    if (Date.now() - heard > silentAfterMs) return 'offline';
    if (!streaming) return 'polling';
    if (broken) return 'reconnecting';
    return w.now() - news > 60000 ? 'quiet' : 'live';
  };
  const poll = async () => {
    polled = Date.now();
    patience = Math.min(pollMs, patience * 2);
    try {
      await get('/v1');
      if (source?.readyState === EventSource.CLOSED && document.hidden === false) { close(); open(); }
      heard = Date.now();
      asOf = w.now();
      refetch();
    } catch { /* the mark and the banner say it; the next round asks again */ }
    draw();
  };
  const draw = () => connection(state(), { asOf, news });

  document.addEventListener('visibilitychange', () => {
    hiddenSince = document.hidden ? Date.now() : 0;
    if (!document.hidden && !source) { heard = Date.now(); open(); refetch(); }
  });
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', (event) => { if (event.persisted) { open(); refetch(); } });
  setInterval(() => {
    if (hiddenSince && source && Date.now() - hiddenSince > closedAfterHiddenMs) close();
    if (document.hidden) return;
    if (source?.readyState === EventSource.CLOSED && Date.now() - polled > patience) poll();
    draw();
  }, 1000);
  if (!document.hidden) open();
}

let shown = '';
function connection(state, { asOf, news }) {
  const place = document.getElementById('connection');
  const words = { live: ['live', { t: w.duration(w.now() - news) }], quiet: ['stale', { t: w.moment(news) }], reconnecting: ['stale', { t: w.moment(asOf) }],
    polling: ['stale', { t: w.moment(asOf) }], offline: ['offline', { t: w.moment(asOf) }] }[state];
  const text = t('connection.' + state, words[1]);
  if (shown !== state) {
    place.dataset.state = state;
    show(place, mark(words[0]), ' ', h('span', {}, text));
    const banner = document.getElementById('banner');
    show(banner, state === 'offline' && h('p', {}, mark('offline'), ' ', t('banner.offline', { t: w.moment(asOf) })));
    for (const control of document.querySelectorAll('[data-online]')) {
      control.disabled = state === 'offline';
      if (state === 'offline') control.setAttribute('aria-describedby', 'banner'); else control.removeAttribute('aria-describedby');
    }
    shown = state;
  }
  place.lastElementChild.textContent = text;
}
