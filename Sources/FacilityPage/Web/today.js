// Today: is anything wrong, and since when?

import * as w from './words.js';
import { h, mark, all, get, start, listen, panel, later, to, pointAddress, entityAddress, qualityTag, timeTag, agoTag, gapsOf, gateway } from './app.js';
const { t } = w;

const silent = new Set(['offline', 'stale', 'no-value', 'device-fault']);
const odd = new Set(['suspect', 'out-of-range']);
const shownMost = 8;

start(async (main) => {
  const today = w.dayOf(w.now());
  const [from, to] = w.dayRange(today).map((ms) => new Date(ms).toISOString());
  const places = { needs: h('div'), devices: h('div'), record: h('div') };
  main.append(
    h('section', { class: 'panel wide', 'aria-labelledby': 'needs' }, h('h2', { id: 'needs' }, t('today.needs')), places.needs),
    h('section', { class: 'panel', 'aria-labelledby': 'devices' }, h('h2', { id: 'devices' }, t('today.devices')), places.devices),
    h('section', { class: 'panel', 'aria-labelledby': 'record' }, h('h2', { id: 'record' }, t('today.record')), places.record));
  let points = null;
  let days = null;
  const once = () => {
    points = all('/v1/points?limit=1000');
    days = all('/v1/completeness?' + new URLSearchParams({ from, to, limit: 1000 }));
  };
  once();
  const runs = [
    panel(places.needs, async () => needs(await points, await days)),
    panel(places.devices, async () => devices(await points)),
    panel(places.record, async () => record((await get('/v1/anchors?order=desc&limit=20')).items, await days)),
  ];
  const refetch = () => { once(); for (const run of runs) run(); };
  const soon = later(refetch, 3000);
  listen({ kinds: ['quality', 'gap', 'anchor', 'seal', 'change'], on: (kind) => { if (kind !== 'seal') soon(); else sealed(); }, refetch });
});

/** Points that are not as they should be, those of one entity together, the longest silence first. */
function needs(points, days) {
  const groups = new Map();
  for (const point of points.filter(({ quality }) => silent.has(quality) || odd.has(quality))) {
    const key = `${point.entity} ${point.quality}`;
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  const since = (group) => w.instant(group[0].since ?? '') || w.now();
  const list = [...groups.values()].sort((a, b) => since(a) - since(b));
  const gaps = gapsOf(days);
  if (!list.length && !gaps.length) return h('p', { class: 'calm' }, t('today.needs.none'));
  return [
    h('p', { class: 'count' }, t('today.needs.count', { n: list.length + gaps.length })),
    h('ul', { class: 'rows' },
      list.slice(0, shownMost).map((group) => {
        const [point] = group;
        const name = group.length === 1 ? point.id : point.entity;
        return h('li', {}, h('span', { class: 'what' }, h('strong', {}, name), group.length > 1 && [' · ', t('points.n', { n: group.length })]),
        h('span', { class: 'how' }, qualityTag(point.quality)),
        point.since ? h('span', { class: 'when' }, t('since'), ' ', timeTag(w.instant(point.since)), ' ', h('span', { class: 'quiet' }, `(${w.duration(w.now() - w.instant(point.since))})`)) : h('span'),
        h('a', { class: 'go', href: group.length === 1 ? pointAddress(point.id) : entityAddress(point.entity) }, t('see'), h('span', { class: 'unseen' }, ' ', name)));
      }),
      gaps.slice(0, 3).map((gap) => h('li', {}, h('span', { class: 'what' }, h('strong', {}, t('record.gap'))), h('span', { class: 'how' }, mark('offline'), ' ', w.quality(gap.cause)),
        h('span', { class: 'when' }, w.span(gap.fromMs, gap.toMs)),
        h('a', { class: 'go', href: to('/record') }, t('see'), h('span', { class: 'unseen' }, ' ', t('record.gap')))))),
    list.length > shownMost && h('p', {}, h('a', { href: to('/building', { find: '' }) }, t('today.needs.more', { n: list.length - shownMost }))),
  ];
}

/** By the device that reads the points. */
function devices(points) {
  const groups = new Map();
  for (const point of points) {
    const name = point.device ?? point.entity;
    groups.set(name, [...(groups.get(name) ?? []), point]);
  }
  const rows = [...groups].map(([name, group]) => {
    const heard = Math.max(...group.map(({ last }) => (last ? w.instant(last.at) : 0)));
    return { name, group, heard, isSilent: group.every(({ quality }) => silent.has(quality)), good: group.filter(({ quality }) => !silent.has(quality)).length };
  });
  if (!rows.length) return h('p', {}, t('today.devices.none'));
  rows.sort((a, b) => Number(b.isSilent) - Number(a.isSilent) || a.good / a.group.length - b.good / b.group.length || a.name.localeCompare(b.name));
  const quiet = rows.filter(({ isSilent }) => isSilent);
  return [
    h('p', { class: 'figure' }, h('strong', {}, t('today.devices.count', { a: rows.length - quiet.length, n: rows.length })), quiet.length > 0 && [' · ', t('today.devices.silent', { n: quiet.length })]),
    h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('today.devices') }, h('table', {},
      h('caption', { class: 'unseen' }, t('today.devices')),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('device')), h('th', { scope: 'col', class: 'right' }, t('points')), h('th', { scope: 'col' }, t('device.last')))),
      h('tbody', {}, rows.map(({ name, group, heard, isSilent, good }) => h('tr', {},
        h('th', { scope: 'row' }, h('a', { href: entityAddress(group[0].entity) }, name), below(name, group)),
        h('td', { class: 'right' }, t('of', { a: good, n: group.length })),
        h('td', {}, isSilent && [qualityTag(group[0].quality), ' '], heard ? [timeTag(heard), ' ', agoTag(heard)] : t('value.none'))))))),
  ];
}

/** The rooms or equipment a device measures, where its own name does not say it already. */
function below(name, group) {
  const places = [...new Set(group.map(({ entity }) => entity))].filter((entity) => entity !== name);
  return places.length > 0 && h('span', { class: 'quiet kind' }, places.join(', '));
}

let lastSeal = null;
function sealed() {
  lastSeal = w.now();
  const place = document.getElementById('sealed');
  if (place) place.replaceChildren(...sealLine());
}
const sealLine = () => (lastSeal ? [mark('sealed'), ' ', t('today.record.sealed'), ' ', timeTag(lastSeal)] : []);

/** Where the log stands: gaps, seals as they are heard, and what the network has confirmed. */
function record(anchors, days) {
  if (gateway.sealedTo) lastSeal = Math.max(lastSeal ?? 0, w.instant(gateway.sealedTo));
  const gaps = gapsOf(days);
  const fixed = anchors.find(({ state }) => state === 'anchored');
  const waiting = anchors.find(({ state }) => state !== 'anchored');
  const times = anchors.filter(({ milestone }) => milestone).map(({ milestone }) => w.instant(milestone.at));
  const rhythm = times.length > 1 ? (times[0] - times.at(-1)) / (times.length - 1) : null;
  const next = fixed && rhythm ? w.instant(fixed.milestone.at) + rhythm : null;
  const received = days.reduce((sum, day) => sum + day.received, 0);
  return [
    h('ul', { class: 'lines' },
      h('li', {}, gaps.length ? [mark('offline'), ' ', t('today.record.gaps', { n: gaps.length })] : t('today.record.no-gap'),
        days.length > 0 && h('span', { class: 'quiet' }, ' · ', t('today.record.reads', { n: received }))),
      h('li', { id: 'sealed' }, sealLine()),
      h('li', {}, fixed ? [mark('anchored'), ' ', t('today.record.fixed'), ' ', timeTag(w.instant(fixed.milestone.at)), next > w.now() ? [' · ', t('today.record.next', { t: w.moment(next, false) })] : null]
        : [mark('open'), ' ', t('today.record.never')]),
      waiting && h('li', {}, mark('submitted'), ' ', t('today.record.waiting', { t: waiting.waitingSince ? w.moment(w.instant(waiting.waitingSince)) : '–' }))),
    gateway.selfNetwork && h('p', { class: 'box unknown' }, mark('unknown'), ' ', h('strong', {}, t('own-network.head')), ' ', t('own-network.rest')),
    h('p', {}, h('a', { href: to('/record') }, t('today.record.more'))),
  ];
}
