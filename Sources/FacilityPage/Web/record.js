// Record: what is complete, where the log stands, and evidence to take away.

import * as w from './words.js';
import { h, mark, get, all, call, start, show, listen, panel, later, asked, keep, proofTag, hashTag, timeTag, save, nameOf, sha256, problemBox, say, began, gapsOf, renew, gateway, Problem } from './app.js';
import { waitingBox, usualMinutes } from './verdict.js';
import { links } from './links.js';
const { t } = w;

const hourMs = 3600000;
const daysMost = 62;
const linksEveryMs = 10000;
const iso = (ms) => new Date(ms).toISOString();
const legal = (day) => /^\d{4}-\d\d-\d\d$/.test(day ?? '') && Number.isFinite(Date.parse(day + 'T00:00:00Z'));

start(async (main) => {
  const today = w.dayOf(w.now());
  const last = legal(asked('to')) && asked('to') <= today ? asked('to') : today;
  const first = legal(asked('from')) && asked('from') <= last ? asked('from') : w.nextDay(last, -6);
  const bounds = { from: iso(w.atLocal(first)), to: iso(w.atLocal(w.nextDay(last))) };
  const places = { days: h('div'), anchors: h('div'), make: h('div'), links: h('div') };
  main.append(
    h('section', { class: 'panel wide', 'aria-labelledby': 'complete' }, h('h2', { id: 'complete' }, t('record.complete')), dayForm(first, last, today), places.days),
    h('section', { class: 'panel wide', 'aria-labelledby': 'make' }, h('h2', { id: 'make' }, t('evidence.make')), places.make),
    h('section', { class: 'panel wide', 'aria-labelledby': 'anchors' }, h('h2', { id: 'anchors' }, t('record.anchors')), places.anchors),
    h('section', { class: 'panel wide', 'aria-labelledby': 'links' }, h('h2', { id: 'links' }, t('links.title')), places.links));
  let days;
  const load = (first) => {
    days = first.then(() => all('/v1/completeness?' + new URLSearchParams({ ...bounds, limit: 1000 })));
    days.catch(() => null);
  };
  load(Promise.resolve());
  const drawDays = panel(places.days, async () => completeness(await days));
  const drawAnchors = panel(places.anchors, async () => anchors((await get('/v1/anchors?order=desc&limit=20')).items));
  panel(places.make, async () => maker(await days, first, last));
  const drawLinks = panel(places.links, links);
  // Not under the reader's hands: a table that is being scrolled stays.
  setInterval(() => { if (!document.hidden && !places.links.contains(document.activeElement)) drawLinks(); }, linksEveryMs);
  const refetch = () => { load(renew()); drawDays(); drawAnchors(); drawLinks(); };
  listen({ kinds: ['anchor', 'gap'], refetch, on: later(refetch, 3000) });
});

const dayForm = (first, last, today) => h('form', { class: 'days', action: '/record' },
  ['times', 'keys'].filter((field) => asked(field)).map((field) => h('input', { type: 'hidden', name: field, value: asked(field) })),
  h('label', {}, t('from'), ' ', h('input', { type: 'date', name: 'from', value: first, max: today, required: true })),
  h('label', {}, t('to.including'), ' ', h('input', { type: 'date', name: 'to', value: last, max: today, required: true })),
  h('button', { type: 'submit' }, t('range.show')));

/** Streams of one day put together, without the days before the record began. What one stream has too much fills no other's hole. */
function byDay(items) {
  const days = new Map();
  for (const item of items) {
    if (w.dayRange(item.day)[1] <= began()) continue;
    const day = days.get(item.day) ?? { day: item.day, expected: 0, received: 0, missing: 0, late: 0, rows: [], proofs: new Set() };
    for (const sum of ['expected', 'received', 'late']) day[sum] += item[sum] ?? 0;
    day.missing += Math.max(0, item.expected - item.received);
    day.rows.push(item);
    day.proofs.add(item.proof);
    days.set(item.day, day);
  }
  return [...days.values()].sort((a, b) => (a.day < b.day ? 1 : -1)).map((day) => ({ ...day, gaps: gapsOf(day.rows),
    proof: ['open', 'sealed', 'submitted', 'anchored'].find((state) => day.proofs.has(state)) ?? 'open' }));
}

function completeness(items) {
  const days = byDay(items).slice(0, daysMost);
  if (!days.length) return h('p', {}, t('record.empty'));
  const gaps = days.flatMap((day) => day.gaps).sort((a, b) => b.fromMs - a.fromMs);
  const sum = (name) => days.reduce((total, day) => total + day[name], 0);
  const missing = sum('missing');
  const isFixed = days.every((day) => day.proof === 'anchored');
  return [
    h('p', { class: 'figure' }, mark(gaps.length ? 'notes' : isFixed ? 'anchored' : 'submitted'), ' ',
      h('strong', {}, gaps.length ? t('record.with-gaps', { n: gaps.length }) : t('record.no-gaps')), ' ',
      t(sum('received') > sum('expected') ? 'record.sums.more' : 'record.sums', { received: sum('received'), expected: sum('expected') }), ' ',
      missing > 0 && [t('record.missing', { n: missing }), ' '], isFixed ? t('record.all-fixed') : t('record.part-fixed')),
    h('p', { class: 'quiet' }, t('record.counted'), ' ', t('chart.times', { zone: w.zoneName() })),
    strip(days),
    h('ul', { class: 'legend' }, ['full', 'part', 'gap', 'open'].map((kind) => h('li', {}, h('span', { class: 'cell ' + kind, 'aria-hidden': 'true' }), ' ', t('cell.' + kind)))),
    gaps.length > 0 && [h('h3', {}, t('record.gaps', { n: gaps.length })), h('ul', { class: 'lines' }, gaps.slice(0, 50).map((gap) => h('li', {}, mark('offline'), ' ', h('strong', {}, w.span(gap.fromMs, gap.toMs)), ' · ', w.duration(gap.toMs - gap.fromMs), ' · ', w.quality(gap.cause))))],
  ];
}

/** A row per day, a cell per hour that the day really has: 23, 24 or 25. */
function strip(days) {
  const now = w.now();
  const fixedTo = w.instant(gateway.anchoredTo ?? '') || 0;
  const cellOf = (day, startMs, toMs) => {
    if (startMs >= now) return { kind: 'future', text: t('cell.future') };
    if (toMs <= began()) return { kind: 'future', text: t('quality.before') };
    const fromMs = Math.max(startMs, began());
    const end = Math.min(toMs, now);
    const lost = day.gaps.reduce((total, gap) => total + Math.max(0, Math.min(gap.toMs, end) - Math.max(gap.fromMs, fromMs)), 0);
    const isFixed = day.proof === 'anchored' || toMs <= fixedTo;
    const proof = isFixed ? '' : `, ${t('cell.open')}`;
    if (lost >= end - fromMs) return { kind: 'gap', text: t('cell.gap') };
    if (lost > 0) return { kind: 'part', text: t('cell.part.of', { n: Math.round((end - fromMs - lost) / 60000), m: Math.round((end - fromMs) / 60000) }) + proof };
    return { kind: isFixed ? 'full' : 'open', text: t('cell.full') + proof };
  };
  return h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('record.strip') }, h('table', { class: 'strip', role: 'table' },
    h('caption', { class: 'unseen' }, t('record.strip')),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ['day', 'record.hours', 'reads', 'record.state'].map((key) => h('th', { scope: 'col', role: 'columnheader', class: key === 'reads' ? 'right' : null }, t(key))))),
    h('tbody', { role: 'rowgroup' }, days.map((day) => {
      const [fromMs, toMs] = w.dayRange(day.day);
      const cells = [];
      for (let ms = fromMs; ms < toMs; ms += hourMs) {
        const { kind, text } = cellOf(day, ms, Math.min(ms + hourMs, toMs));
        cells.push(h('li', {}, h('span', { class: 'cell ' + kind, title: `${w.minute(ms)} ${text}` }, h('span', { class: 'unseen' }, `${w.minute(ms)} ${text}`))));
      }
      return h('tr', { role: 'row' }, h('th', { scope: 'row', role: 'rowheader' }, w.weekday(fromMs)), h('td', { role: 'cell', class: 'cells' }, h('ol', { class: 'hours' }, cells)),
        h('td', { role: 'cell', class: 'right' }, day.received > day.expected ? w.number(day.received) : t('of', { a: day.received, n: day.expected }), day.late > 0 && h('span', { class: 'quiet' }, t('record.late', { n: day.late }))), h('td', { role: 'cell' }, proofTag(day.proof)));
    }))));
}

function anchors(items) {
  if (!items.length) return h('p', {}, t('anchors.none'));
  const minutes = usualMinutes(items);
  const waiting = items.filter(({ state }) => state !== 'anchored').at(-1);
  const last = items.find(({ state }) => state === 'anchored');
  const since = waiting?.waitingSince ? w.instant(waiting.waitingSince) : null;
  return [
    h('p', {}, t('anchors.network', { name: gateway.network }), ' · ', last ? [t('anchors.last'), ' ', timeTag(w.instant(last.milestone.at))] : t('today.record.never')),
    gateway.selfNetwork && h('p', { class: 'box unknown' }, mark('unknown'), ' ', h('strong', {}, t('own-network.head')), ' ', t('own-network.rest')),
    since !== null && waitingBox(since, minutes === null ? null : since + minutes * 60000, minutes),
    h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('record.anchors') }, h('table', {},
      h('caption', { class: 'unseen' }, t('record.anchors')),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'right' }, t('anchors.seq')), h('th', { scope: 'col' }, t('record.state')), h('th', { scope: 'col' }, t('anchors.milestone')), h('th', { scope: 'col', class: 'right' }, t('anchors.size')), h('th', { scope: 'col' }, t('anchors.hashes')))),
      h('tbody', {}, items.map((item) => h('tr', {},
        h('td', { class: 'right' }, w.number(item.seq)), h('td', {}, h('span', { class: 'proof' }, mark(item.state === 'anchored' ? 'anchored' : item.state === 'submitted' ? 'submitted' : 'sealed'), ' ', w.has('anchor.' + item.state) ? t('anchor.' + item.state) : item.state)),
        h('td', {}, item.milestone ? [timeTag(w.instant(item.milestone.at)), h('span', { class: 'quiet' }, ' · ', w.number(item.milestone.index))] : item.waitingSince ? [t('since'), ' ', timeTag(w.instant(item.waitingSince))] : '–'),
        h('td', { class: 'right' }, w.number(item.size)),
        h('td', {}, h('details', { class: 'bytes' }, h('summary', {}, t('anchors.show'), h('span', { class: 'unseen' }, ` ${item.seq}`)), h('dl', { class: 'facts' },
          item.root && h('div', {}, h('dt', {}, t('member.root')), h('dd', {}, hashTag(item.root, t('member.root')))),
          item.block && h('div', {}, h('dt', {}, t('member.block')), h('dd', {}, hashTag(item.block, t('member.block')))))))))))),
  ];
}

function maker(items, first, last) {
  const streams = [...new Set(items.map(({ stream }) => stream))].sort((a, b) => a - b);
  const names = new Map(items.map((item) => [item.stream, item.name ?? null]));
  const today = w.dayOf(w.now());
  const result = h('div', { class: 'result' });
  const wall = (ms) => `${w.dayOf(ms)}T${w.minute(ms)}`;
  const field = (name, label, ms) => h('label', {}, label, ' ', h('input', { type: 'datetime-local', name, required: true, value: wall(ms) }));
  const read = (text) => { const [day, clock] = text.split('T'); const [hour, minutes] = clock.split(':').map(Number); return w.atLocal(day, hour, minutes); };
  const form = h('form', { class: 'make', on: { submit: async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const [fromMs, toMs] = [read(given.get('from')), read(given.get('to'))];
    const chosen = given.getAll('stream').map(Number);
    if (!(fromMs < toMs) || !chosen.length) {
      const text = chosen.length ? t('evidence.empty-range') : t('evidence.no-stream');
      show(result, h('div', { class: 'box fails', role: 'alert' }, h('p', {}, mark('fails'), ' ', h('a', { href: chosen.length ? '#evidence-from' : '#evidence-streams' }, text))));
      return;
    }
    try {
      const answer = await call('/v1/evidence', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ kind: 'period', from: iso(fromMs), to: iso(toMs), streams: chosen }) });
      const job = answer.headers.get('Location')?.split('/').pop() ?? (await answer.json()).id;
      keep({ evidence: job });
      await follow(result, job);
    } catch (problem) {
      show(result, problemBox(problem));
    }
  } } },
  h('p', { class: 'quiet' }, t('evidence.explain'), ' ', t('chart.times', { zone: w.zoneName() })),
  h('div', { class: 'fields' }, field('from', t('from'), Math.max(Math.min(w.atLocal(first), w.atLocal(today)), Math.ceil(began() / 60000) * 60000)), field('to', t('to.excluding'), Math.min(w.atLocal(w.nextDay(last)), Math.floor(w.now() / 60000) * 60000))),
  streams.length ? h('fieldset', { id: 'evidence-streams' }, h('legend', {}, t('evidence.streams')), h('div', { class: 'choices' }, streams.map((stream) => h('label', { class: 'tick' }, h('input', { type: 'checkbox', name: 'stream', value: stream, checked: true }), ' ', names.get(stream)?.replace(/\/none$/, '') ?? t('stream', { n: String(stream) })))))
    : h('p', {}, t('record.empty')),
  h('p', { class: 'actions' }, h('button', { type: 'submit', class: 'main', 'data-online': true, disabled: !streams.length }, t('evidence.start')),
    h('button', { type: 'button', on: { click: () => card(result) } }, t('evidence.card'))));
  form.querySelector('[name=from]').id = 'evidence-from';
  if (asked('evidence')) follow(result, asked('evidence')).catch((problem) => show(result, problemBox(problem)));
  return [form, result];
}

/** Asks for a job until it is ready or refused; the address keeps its id, so a reload finds it again. */
async function follow(place, id) {
  for (let told = '', round = 0; round < 2000; round += 1) {
    const answer = await call('/v1/evidence/' + encodeURIComponent(id));
    const job = await answer.json();
    const isWaiting = job.state === 'collecting' || job.state === 'waiting-for-anchor';
    show(place, job.state === 'ready' ? ready(job) : job.state === 'failed' ? problemBox(new Problem(0, job.problem ?? {}))
      : h('p', { class: 'box' }, mark('open'), ' ', job.state === 'collecting' ? t('evidence.collecting', { p: w.percent(job.done ?? 0) })
        : job.expectedAt ? t('evidence.waiting', { t: w.moment(w.instant(job.expectedAt), false) }) : t('evidence.waiting.soon')));
    if (job.state !== told) say(place.textContent, false);
    told = job.state;
    if (!isWaiting) return;
    const seconds = Number(answer.headers.get('Retry-After')) || 3;
    await new Promise((done) => { setTimeout(done, Math.min(30, seconds) * 1000); });
  }
}

function ready(job) {
  const name = job.check?.match(/verify (\S+)/)?.[1] ?? `${gateway.building}-${job.id}.evidence`;
  const note = h('p', { role: 'status' });
  const fetchFile = async ({ currentTarget }) => {
    currentTarget.disabled = true;
    show(note, t('evidence.loading'));
    try {
      const answer = await call('/v1/evidence/' + encodeURIComponent(job.id), { accept: 'application/x-tar' });
      const blob = await answer.blob();
      const digest = await sha256(blob);
      if (digest !== null && digest !== job.sha256) { show(note, mark('fails'), ' ', t('evidence.spoiled')); return; }
      const saved = nameOf(answer, name);
      save(blob, saved);
      show(note, t(digest === null ? 'evidence.saved' : 'evidence.saved.same', { name: saved }));
    } catch (problem) {
      show(note, problemBox(problem));
    } finally {
      currentTarget.disabled = false;
    }
  };
  return h('div', { class: 'box' },
    h('p', {}, mark('anchored'), ' ', h('strong', {}, t('evidence.ready')), ' ', name, ' · ', w.bytes(job.sizeBytes)),
    h('p', {}, 'SHA-256 ', hashTag(job.sha256, 'SHA-256')),
    h('p', { class: 'actions' }, h('button', { type: 'button', class: 'main', on: { click: fetchFile } }, t('evidence.download'))), note,
    h('p', {}, t('evidence.how')), h('pre', {}, h('code', {}, job.check ?? `plumbline verify ${name} --policy YOUR.card`)),
    job.expiresAt && h('p', { class: 'quiet' }, t('evidence.expires', { t: w.date(w.instant(job.expiresAt)) })));
}

async function card(place) {
  try {
    const answer = await call('/v1/card', { accept: 'text/plain' });
    save(await answer.blob(), `${gateway.building}.card`);
    show(place, h('p', { class: 'box notes' }, mark('notes'), ' ', t('evidence.card.note')));
  } catch (problem) {
    show(place, problemBox(problem));
  }
}
