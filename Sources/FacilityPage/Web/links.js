// Lines and devices: how every connection to the field fares, and what devices taught about themselves.

import * as w from './words.js';
import { h, mark, get, timeTag } from './app.js';
const { t } = w;

const marks = { up: 'live', down: 'offline', connecting: 'stale', answering: 'live', offline: 'offline', probing: 'stale', 'other-device': 'device-fault' };
const tag = (state) => h('span', { class: 'quality ' + (marks[state] === 'live' ? 'good' : state) }, mark(marks[state] ?? 'unknown'), ' ', w.has('link.' + state) ? t('link.' + state) : state);
const at = (text, otherwise = '–') => (text ? timeTag(w.instant(text)) : otherwise);
const ms = (value) => (value === null ? '–' : w.withUnit(w.figure(value), 'ms'));

/** Every connection with its devices, as `GET /v1/links` has them. */
export async function links() {
  const { items } = await get('/v1/links');
  if (!items.length) return h('p', {}, t('links.none'));
  const units = items.flatMap((link) => link.units);
  const silent = units.filter(({ state }) => state !== 'answering').length;
  return [
    h('p', { class: 'figure' }, mark(silent || items.some(({ state }) => state !== 'up') ? 'notes' : 'live'), ' ',
      t('links.sum', { n: items.length, up: items.filter(({ state }) => state === 'up').length }), ' ',
      units.length > 0 && t('links.devices', { m: units.length, a: units.length - silent })),
    items.map((link, place) => [
      h('h3', { id: 'link-' + place }, h('code', {}, link.id)),
      h('p', {}, tag(link.state), link.since && [' ', t('since'), ' ', at(link.since)], ' · ', w.has('link.kind.' + link.kind) ? t('link.kind.' + link.kind) : link.kind,
        link.uncertaintyMs !== null && [' · ', t('link.uncertainty', { t: ms(link.uncertaintyMs) })],
        link.failures > 0 && [' · ', t('link.failures', { n: link.failures })],
        link.messages !== null && [' · ', t('link.messages', { n: link.messages }), link.lastMessageAt && [' ', at(link.lastMessageAt)],
          link.malformed > 0 && [' · ', t('link.malformed', { n: link.malformed })], link.dropped > 0 && [' · ', t('link.dropped', { n: link.dropped })]]),
      link.units.length > 0 && table(link, 'link-' + place),
    ]),
  ];
}

const columns = [['link.device'], ['record.state'], ['link.last-good'], ['link.round-trip', true], ['link.unanswered', true], ['link.refused', true], ['link.learned']];

function table(link, id) {
  return h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-labelledby': id }, h('table', { 'aria-labelledby': id },
    h('thead', {}, h('tr', {}, columns.map(([key, isRight]) => h('th', { scope: 'col', class: isRight && 'right' }, t(key))))),
    h('tbody', {}, link.units.map((unit) => h('tr', {},
      h('th', { scope: 'row' }, unit.device, h('span', { class: 'quiet' }, ' ', t('link.unit', { n: String(unit.unit) }))),
      h('td', {}, tag(unit.state), unit.nextProbeAt && h('span', { class: 'quiet' }, ' ', t('link.next', { t: w.time(w.instant(unit.nextProbeAt)) }))),
      h('td', {}, at(unit.lastGoodAt, t('link.never'))),
      h('td', { class: 'right' }, ms(unit.roundTripMs.last)),
      h('td', { class: 'right' }, t('of', { a: unit.timeouts + unit.garbled, n: unit.requests })),
      h('td', { class: 'right' }, w.number(unit.exceptions)),
      h('td', {}, learned(unit.learned)))))));
}

/** Registers that a device refuses and how many it gives at once, in words. */
function learned(known) {
  if (!known) return '–';
  const holes = known.holes.map(({ function: code, from, to }) => t('link.hole', { f: String(code), span: from === to ? String(from) : `${from}–${to}` }));
  if (known.maxRegisters !== null) holes.push(t('link.most', { n: String(known.maxRegisters) }));
  return holes.length > 6 ? [holes.slice(0, 6).join('; '), ' ', t('link.more', { n: holes.length - 6 })] : holes.join('; ') || '–';
}
