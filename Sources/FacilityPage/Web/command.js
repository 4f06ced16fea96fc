// Setting a point: check first, then set; and what was set before.

import * as w from './words.js';
import { h, get, call, show, panel, timeTag, problemBox, say, mark, Problem } from './app.js';
const { t } = w;

const pastRows = 10;
const states = ['running', 'checked', 'done', 'differs', 'refused', 'no-answer', 'not-read-back', 'interrupted', 'not-sent'];
const stateName = (state) => t('set.state.' + (states.includes(state) ? state : 'interrupted'));

/** The part of a point's view that sets it; `renew` reads the list of commands again. */
export function setting(point, role) {
  const result = h('div', { class: 'result', id: 'set-result' });
  const past = h('div');
  const renew = panel(past, () => list(point));
  const section = h('section', { class: 'panel wide', 'aria-labelledby': 'setting' }, h('h2', { id: 'setting' }, t('set')),
    h('p', { class: 'quiet' }, rule(point.command, point.unit)),
    role === 'facility' ? form(point, result, renew) : h('p', {}, t('set.reads-only')), result,
    h('h3', {}, t('set.past')), past);
  return { section, renew };
}

function shown(value, unit) {
  if (value === true || value === false) return t(value ? 'set.on' : 'set.off');
  return w.value({ value }, unit);
}

function rule(command, unit) {
  const every = t('set.every', { t: w.duration(command.everySeconds * 1000) });
  const bounds = command.takes === 'number' && t('set.bounds', { min: shown(command.min, unit), max: shown(command.max, unit) });
  const step = command.step !== null && t('set.step', { step: shown(command.step, unit) });
  return [bounds, step, every, command.critical && t('set.critical')].filter(Boolean).join(' · ');
}

function field(command) {
  const named = (pairs) => h('select', { name: 'value', required: true }, pairs.map(([value, text]) => h('option', { value }, text)));
  if (command.takes === 'name') return named(command.labels.map((label) => [label, label]));
  if (command.takes === 'flag') return named([['true', t('set.on')], ['false', t('set.off')]]);
  if (command.takes === 'text') return h('input', { name: 'value', required: true, maxlength: 200, autocomplete: 'off' });
  return h('input', { type: 'number', name: 'value', required: true, min: command.min, max: command.max, step: command.step ?? 'any', autocomplete: 'off' });
}

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

function form(point, result, renew) {
  const { command } = point;
  // A request whose answer was not heard is sent again under its key, so that nothing is set twice.
  let unheard = null;
  const send = async (element, isDry) => {
    if (!element.reportValidity()) return;
    const { value, reason } = element.elements;
    const given = command.takes === 'number' ? Number(value.value) : command.takes === 'flag' ? value.value === 'true' : value.value;
    const body = JSON.stringify({ point: point.id, value: given, reason: reason.value });
    const key = unheard?.body === body ? unheard.key : newKey();
    if (!isDry) unheard = { body, key };
    const buttons = element.querySelectorAll('button');
    for (const button of buttons) button.disabled = true;
    show(result, h('p', { role: 'status' }, t(isDry ? 'state.checking' : 'set.going')));
    try {
      const answer = await call('/v1/commands' + (isDry ? '?dryRun=true' : ''), { method: 'POST', headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key }, body });
      show(result, outcome(await answer.json(), point));
      if (!isDry) unheard = null;
      say(result.querySelector('strong').textContent);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      show(result, problemBox(problem));
      if (problem.status !== 0 && problem.status !== 503) unheard = null;
      say(problem.title);
    } finally {
      for (const button of buttons) button.disabled = false;
      if (!isDry) renew();
    }
  };
  return h('form', { class: 'set', on: { submit: (event) => { event.preventDefault(); send(event.currentTarget, false); } } },
    h('label', {}, t('set.value'), w.unit(point.unit) ? ` (${w.unit(point.unit)})` : '', ' ', field(command)),
    h('label', {}, t('set.reason'), ' ', h('input', { name: 'reason', required: true, maxlength: 200, autocomplete: 'off' })),
    h('p', { class: 'actions' },
      h('button', { type: 'button', 'data-online': true, on: { click: ({ currentTarget }) => send(currentTarget.form, true) } }, t('set.check')),
      h('button', { type: 'submit', class: 'main', 'data-online': true }, t('set.do'))));
}

const tone = (state) => (state === 'done' || state === 'checked' ? 'holds' : 'notes');
const entries = (one) => (one.outcomeLeaf === null ? t('set.entry', { a: one.intentLeaf }) : t('set.entries', { a: one.intentLeaf, b: one.outcomeLeaf }));

function outcome(one, point) {
  return h('div', { class: 'box ' + tone(one.state) },
    h('p', {}, mark(tone(one.state)), ' ', h('strong', {}, stateName(one.state))),
    one.readBack && h('p', {}, t('set.back', { value: shown(one.readBack.value, point.unit) })),
    !one.dryRun && h('p', { class: 'quiet' }, entries(one)));
}

async function list(point) {
  const { items } = await get('/v1/commands?' + new URLSearchParams({ point: point.id, order: 'desc', limit: pastRows }));
  if (!items.length) return h('p', { class: 'quiet' }, t('set.none'));
  const heads = ['time', 'value', 'set.read-back', 'set.outcome', 'set.reason', 'set.record'];
  return h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('set.past') }, h('table', { class: 'dense' },
    h('caption', {}, t('set.past.caption', { n: pastRows })),
    h('thead', {}, h('tr', {}, heads.map((key) => h('th', { scope: 'col' }, t(key))))),
    h('tbody', {}, items.map((one) => h('tr', {},
      h('th', { scope: 'row' }, timeTag(w.instant(one.requestedAt))),
      h('td', {}, one.value === null ? one.raw ?? '–' : shown(one.value, point.unit)),
      h('td', {}, one.readBack ? shown(one.readBack.value, point.unit) : '–'),
      h('td', {}, stateName(one.state)),
      h('td', {}, one.reason),
      h('td', {}, entries(one)))))));
}
