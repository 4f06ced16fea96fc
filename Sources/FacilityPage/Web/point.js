// Point: one value, its history, and the way back to the meter.

import * as w from './words.js';
import { h, get, all, call, start, gateway, show, listen, panel, later, title, asked, keep, pathId, entityAddress, pointAddress, began, qualityTag, proofTag, timeTag, agoTag, save, nameOf, say, problemBox, Problem } from './app.js';
import { chart, fromBuckets, fromReads, sentence } from './chart.js';
import { setting } from './command.js';
import { verdictBox, waitingBox, usualMinutes } from './verdict.js';
const { t } = w;

const hourMs = 3600000;
const stepsMost = 3000; // reads of a state in one chart
const rangeMostMs = 31 * 24 * hourMs;
const iso = (ms) => new Date(ms).toISOString();

start(async (main) => {
  const id = pathId();
  const address = '/v1/points/' + encodeURIComponent(id);
  const point = await get(address);
  title(point.id);
  const places = { head: h('div'), history: h('div'), trace: h('div') };
  const set = point.command ? setting(point, gateway.grant.role) : null;
  main.append(
    h('section', { class: 'panel wide head', 'aria-label': t('point.now') }, places.head),
    h('section', { class: 'panel wide', 'aria-labelledby': 'history' }, h('h2', { id: 'history' }, t('point.history')), rangeBar(point), places.history),
    h('section', { class: 'panel wide', id: 'trace', tabindex: -1, 'aria-labelledby': 'whence' }, places.trace), set?.section ?? '');
  let now = point.current;
  head(places.head, point, now);
  let chosen = asked('at') ? await oneRead(address, asked('at')) : null;
  trace(places.trace, point, chosen ?? now);
  const enter = async (marked) => {
    const read = marked.at ? await oneRead(address, marked.at) : await oneRead(address, iso(marked.fromMs), iso(marked.toMs));
    if (!read) { say(t('point.no-read')); return; }
    chosen = read;
    keep({ at: read.at });
    trace(places.trace, point, read);
    document.getElementById('trace').focus();
  };
  // The last hour goes on with the clock. Nobody's place in chart or table is taken away while they read there.
  const draw = panel(places.history, () => {
    const range = rangeOf();
    document.querySelector('.range .when strong').textContent = rangeName(range);
    return history(point, address, range, enter);
  });
  const drawUnread = () => { if (!places.history.contains(document.activeElement)) draw(); };
  const again = async () => {
    now = (await get(address)).current;
    head(places.head, point, now);
    const kept = chosen ?? (places.trace.querySelector('.result').childElementCount ? traced : null);
    if (kept) await renewProof(address, kept); else trace(places.trace, point, now);
    drawUnread();
  };
  const refetch = () => { again().catch((problem) => { if (!(problem instanceof Problem)) throw problem; }); };
  const soon = later(refetch, 3000);
  let drawn = Date.now();
  listen({ points: [point.id], kinds: ['reading', 'quality', 'anchor', 'command'], refetch, on: (kind, data) => {
    if (kind === 'command') return set?.renew();
    if (kind !== 'reading') return soon();
    const mine = data.readings.find((reading) => reading.point === point.id);
    if (mine) { now = { ...now, ...mine }; head(places.head, point, now); }
    if (Date.now() - drawn > 60000 && rangeOf().isNow) { drawn = Date.now(); drawUnread(); }
    return null;
  } });
});

function head(place, point, now) {
  const isMissing = !now || ['offline', 'no-value', 'device-fault'].includes(now.quality) || now.value === null;
  show(place,
    h('p', { class: 'quiet' }, h('a', { href: entityAddress(point.entity) }, point.entity), ' · ', h('span', { lang: 'en' }, w.typeName(point.type)), ' · ', t('nature.' + point.nature)),
    h('p', { class: 'big ' + (now?.quality ?? 'no-value') }, isMissing ? t('value.none') : w.value(now, point.unit)),
    now ? h('p', {}, isMissing ? t('point.last') : t('point.read'), ' ', timeTag(w.instant(now.at)), ' ', agoTag(w.instant(now.at)), ' · ', qualityTag(now.quality, true), ' · ', proofTag(now.proof ?? 'open'))
      : h('p', {}, t('point.never')));
}

/** The range in the address: `range`, `day`, or `from` and `to` as local days. */
function rangeOf() {
  const today = w.dayOf(w.now());
  const kind = ['hour', 'day', 'week', 'month', 'days'].includes(asked('range')) ? asked('range') : 'day';
  const legal = (day) => /^\d{4}-\d\d-\d\d$/.test(day ?? '') && Number.isFinite(Date.parse(day + 'T00:00:00Z'));
  const day = legal(asked('day')) ? asked('day') : today;
  const isNow = day === today;
  if (kind === 'hour') {
    const end = Math.ceil(w.now() / 60000) * 60000;
    return { kind, day, isNow: true, fromMs: end - hourMs, toMs: end, seconds: 60 };
  }
  if (kind === 'days' && legal(asked('from')) && legal(asked('to')) && asked('from') <= asked('to')) {
    const fromMs = w.atLocal(asked('from'));
    const toMs = Math.min(w.atLocal(w.nextDay(asked('to'))), fromMs + rangeMostMs);
    const seconds = [300, 900, 1800, 3600, 7200].find((step) => (toMs - fromMs) / step / 1000 <= 400) ?? 7200;
    return { kind, day, isNow: asked('to') >= today, fromMs, toMs, seconds, from: asked('from'), to: asked('to') };
  }
  if (kind === 'week') return { kind, day, isNow, fromMs: w.atLocal(w.nextDay(day, -6)), toMs: w.atLocal(w.nextDay(day)), seconds: 1800 };
  if (kind === 'month') {
    const first = day.slice(0, 8) + '01';
    const after = w.nextDay(first, 32).slice(0, 8) + '01';
    return { kind, day, isNow: day.slice(0, 7) === today.slice(0, 7), fromMs: w.atLocal(first), toMs: w.atLocal(after), seconds: 7200 };
  }
  const [fromMs, toMs] = w.dayRange(day);
  return { kind: 'day', day, isNow, fromMs, toMs, seconds: 300 };
}

const rangeName = ({ kind, fromMs, toMs }) => (kind === 'hour' ? w.span(fromMs, toMs) : kind === 'day' ? w.weekday(fromMs) : kind === 'month' ? w.monthName(fromMs)
  : `${w.dayMonth(fromMs)} – ${w.dayMonth(toMs - 1)}`);

function rangeBar(point) {
  const range = rangeOf();
  const here = (values) => pointAddress(point.id, values);
  const back = { day: -1, week: -7, month: -28 }[range.kind];
  const step = (sign) => (range.kind === 'month' ? w.nextDay(range.day.slice(0, 8) + (sign < 0 ? '01' : '28'), sign * 4).slice(0, 8) + '01' : w.nextDay(range.day, sign * -back));
  return h('div', { class: 'range' },
    h('ul', { class: 'tabs', 'aria-label': t('range') }, ['hour', 'day', 'week', 'month'].map((kind) => h('li', {}, h('a', { href: here({ range: kind, day: range.isNow ? null : range.day }), 'aria-current': kind === range.kind ? 'true' : null }, t('range.' + kind))))),
    h('p', { class: 'when' },
      back && h('a', { class: 'step', href: here({ range: range.kind, day: step(-1) }), 'aria-label': t('range.earlier') }, '‹'),
      h('strong', {}, rangeName(range)),
      back && !range.isNow && h('a', { class: 'step', href: here({ range: range.kind, day: step(1) }), 'aria-label': t('range.later') }, '›')),
    h('form', { class: 'days', action: '/points/' + encodeURIComponent(point.id) },
      h('input', { type: 'hidden', name: 'range', value: 'days' }), ['times', 'keys'].filter((field) => asked(field)).map((field) => h('input', { type: 'hidden', name: field, value: asked(field) })),
      h('label', {}, t('from'), ' ', h('input', { type: 'date', name: 'from', required: true, value: range.from ?? w.dayOf(range.fromMs) })),
      h('label', {}, t('to.including'), ' ', h('input', { type: 'date', name: 'to', required: true, value: range.to ?? w.dayOf(Math.min(range.toMs - 1, Math.max(w.now(), range.fromMs))) })),
      h('button', { type: 'submit' }, t('range.show'))));
}

async function history(point, address, range, enter) {
  const bounds = { from: iso(range.fromMs), to: iso(range.toMs) };
  const seconds = range.seconds;
  const isStep = ['state', 'setpoint', 'event', 'session'].includes(point.nature);
  const every = point.expectedSeconds;
  const isReads = every === null || seconds < 2 * every || (isStep && (range.toMs - range.fromMs) / every / 1000 <= stepsMost);
  const series = await get(`${address}/series?` + new URLSearchParams({ ...bounds, seconds: Math.max(seconds, Math.ceil((range.toMs - range.fromMs) / 1.5e6)) }));
  const gaps = series.gaps.map((gap) => ({ fromMs: w.instant(gap.from), toMs: w.instant(gap.to), cause: w.instant(gap.to) <= began() ? 'before' : gap.cause })).filter((gap) => gap.fromMs < w.now());
  const reads = isReads ? await all(`${address}/readings?` + new URLSearchParams({ ...bounds, limit: 1000 }), stepsMost / 1000) : null;
  const marks = reads ? fromReads(reads) : fromBuckets(series.buckets, series.seconds);
  const view = { name: point.id, marks, gaps, fromMs: range.fromMs, toMs: range.toMs, unit: point.unit, isStep, enter };
  const place = h('div');
  const csv = `${address}/readings?` + new URLSearchParams({ ...bounds, format: 'csv' });
  const tablePlace = h('div');
  const other = w.otherZone();
  queueMicrotask(() => chart(place, view));
  if (isTableOpen) fillTable(tablePlace, view, 0);
  return [
    place,
    h('p', { class: 'quiet caption' }, t('chart.times', { zone: w.zoneName(range.fromMs) }), other && [' · ', other], ' · ', isReads ? t('chart.reads') : t(isStep ? 'chart.steps' : 'chart.buckets', { t: w.duration(series.seconds * 1000) })),
    reads?.isCut && h('p', { class: 'box notes' }, t('chart.cut', { n: reads.length, t: w.moment(w.instant(reads.at(-1).at)) })),
    h('p', { id: 'in-words' }, sentence(view)),
    h('p', { class: 'actions' }, h('button', { type: 'button', 'aria-expanded': String(isTableOpen), on: { click: ({ currentTarget }) => toggleTable(currentTarget, tablePlace, view) } }, t(isTableOpen ? 'chart.table.hide' : 'chart.table')),
      h('a', { class: 'button', href: csv, download: true }, t('csv'))),
    tablePlace,
  ];
}

const pageRows = 100;
let isTableOpen = false; // stays when the chart is drawn anew
function toggleTable(button, place, view) {
  isTableOpen = !isTableOpen;
  button.setAttribute('aria-expanded', String(isTableOpen));
  button.textContent = t(isTableOpen ? 'chart.table.hide' : 'chart.table');
  if (isTableOpen) fillTable(place, view, 0); else show(place);
}
function fillTable(place, view, page) {
  const rows = view.marks.filter((one) => one.fromMs < w.now()).reverse();
  const isReads = rows.length > 0 && rows[0].fromMs === rows[0].toMs;
  const shown = rows.slice(page * pageRows, (page + 1) * pageRows);
  const figure = (value, format) => (value === null ? '–' : format(value));
  const inUnit = w.unit(view.unit) ? ` (${w.unit(view.unit)})` : '';
  const heads = isReads ? [['time'], ['value', inUnit], ['quality']] : [['time'], ['lowest', inUnit], ['mean', inUnit], ['highest', inUnit], ['reads'], ['quality']];
  show(place,
    h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('chart.table.label', { name: view.name }) }, h('table', { class: 'dense' },
      h('caption', {}, t('chart.table.caption', { name: view.name, zone: w.zoneName(view.fromMs) })),
      h('thead', {}, h('tr', {}, heads.map(([key, more], i) => h('th', { scope: 'col', class: i && i < heads.length - 1 ? 'right' : null, 'aria-sort': i ? null : 'descending' }, t(key), more)))),
      h('tbody', {}, shown.map((one) => h('tr', { class: one.quality },
        h('th', { scope: 'row' }, isReads ? timeTag(one.fromMs) : w.span(one.fromMs, one.toMs)),
        isReads ? h('td', { class: 'right' }, figure(one.mean, w.number)) : [h('td', { class: 'right' }, figure(one.low, w.number)), h('td', { class: 'right' }, figure(one.mean, w.figure)), h('td', { class: 'right' }, figure(one.high, w.number)), h('td', { class: 'right' }, t('of', { a: one.count, n: one.expected }))],
        h('td', {}, qualityTag(one.quality, true))))))),
    rows.length > pageRows && h('p', { class: 'actions' },
      h('button', { type: 'button', disabled: page === 0, on: { click: () => fillTable(place, view, page - 1) } }, t('table.newer')),
      h('span', {}, t('table.page', { a: page + 1, n: Math.ceil(rows.length / pageRows) })),
      h('button', { type: 'button', disabled: (page + 1) * pageRows >= rows.length, on: { click: () => fillTable(place, view, page + 1) } }, t('table.older'))));
}

/** The reading at an instant, or the first one of a range; null where there is none. */
async function oneRead(address, from, to = iso(w.instant(from) + 1)) {
  const answer = await get(`${address}/readings?` + new URLSearchParams({ from, to, limit: 1 }));
  return answer.items[0] ?? null;
}

/** The reading whose way is shown. What was asked about it stays when newer ones come; only its state in the record is renewed. */
let traced = null;
async function renewProof(address, read) {
  const fresh = await oneRead(address, read.at);
  const place = document.getElementById('proof');
  if (fresh && place && traced === read) show(place, proofWords(fresh));
}
const proofWords = (read) => [proofTag(read.proof ?? 'open'), ' · ', t(`proof.${read.proof ?? 'open'}.means`)];

function trace(place, point, read) {
  traced = read;
  const fact = (key, value) => value !== null && value !== undefined && h('div', {}, h('dt', {}, t(key)), h('dd', {}, value));
  const result = h('div', { class: 'result' });
  show(place,
    h('h2', { id: 'whence' }, t('point.whence')),
    read && h('p', {}, t('trace.of'), ' ', h('strong', {}, w.value(read, point.unit)), ', ', timeTag(w.instant(read.at))),
    h('ol', { class: 'path' },
      h('li', {}, h('strong', {}, t('trace.device')), h('dl', { class: 'facts' }, fact('trace.device.name', point.source?.device), fact('trace.profile', point.source?.profile), fact('trace.register', point.source?.register && h('code', {}, point.source.register)))),
      read && h('li', {}, h('strong', {}, t('trace.read')), h('dl', { class: 'facts' }, fact('trace.raw', read.raw !== null && read.raw !== undefined && h('code', {}, read.raw)), fact('trace.value', w.value(read, point.unit)), fact('trace.at', timeTag(w.instant(read.at))), fact('trace.source-at', read.sourceAt ? timeTag(w.instant(read.sourceAt)) : null), fact('quality', qualityTag(read.quality, true)))),
      read && h('li', {}, h('strong', {}, t('trace.record')), h('p', { id: 'proof' }, proofWords(read)))),
    h('details', {}, h('summary', {}, t('point.unchanged')), h('p', {}, t('point.unchanged.words'))),
    read && h('p', { class: 'actions' },
      h('button', { type: 'button', class: 'main', 'data-online': true, on: { click: () => evidence(result, point, read) } }, t('point.evidence')),
      h('button', { type: 'button', 'data-online': true, on: { click: () => file(result, point, read) } }, t('point.evidence.file'))),
    result);
}

const evidenceAddress = (point, read) => `/v1/points/${encodeURIComponent(point.id)}/readings/${encodeURIComponent(read.at)}/evidence`;

async function evidence(place, point, read) {
  show(place, h('p', { role: 'status' }, t('state.checking')));
  try {
    const answer = await get(evidenceAddress(point, read));
    show(place, await verdictBox(answer));
    say(place.querySelector('.sentence').textContent);
  } catch (problem) {
    await refused(place, problem, read, () => evidence(place, point, read));
  }
}

async function file(place, point, read) {
  try {
    const answer = await call(evidenceAddress(point, read), { accept: 'application/vnd.plumbline.reading+cbor' });
    const name = nameOf(answer, `${point.id}.evidence`);
    save(await answer.blob(), name);
    show(place, h('p', { class: 'box' }, t('evidence.saved', { name })), h('pre', {}, h('code', {}, `plumbline verify ${name} --policy YOUR.card`)));
  } catch (problem) {
    await refused(place, problem, read, () => file(place, point, read));
  }
}

async function refused(place, problem, read, again) {
  if (problem.code !== 'not-yet-anchored' && problem.code !== 'not-yet-sealed') { show(place, problemBox(problem, again)); return; }
  const { items } = await get('/v1/anchors?order=desc&limit=10');
  const expected = problem.body.expectedAt ? w.instant(problem.body.expectedAt) : null;
  const minutes = usualMinutes(items) ?? (expected === null ? null : Math.max(1, Math.ceil((expected - w.now()) / 60000)));
  show(place, waitingBox(w.instant(read.at), minutes === null ? null : expected, minutes), h('p', {}, t('point.evidence.older')), h('p', {}, h('button', { type: 'button', on: { click: again } }, t('problem.again'))));
}
