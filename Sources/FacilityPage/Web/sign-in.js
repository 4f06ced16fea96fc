// Sign in: paste the token; the gateway answers with a cookie that no script can read.

import * as w from './words.js';
import { h, mark, call, shell, show, problemBox, asked } from './app.js';
const { t } = w;

shell();
const result = h('div', { class: 'result', role: 'alert' });
const field = h('input', { id: 'token', name: 'token', type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false', 'aria-describedby': 'token-hint' });
const reveal = h('button', { type: 'button', 'aria-pressed': 'false', on: { click: () => {
  const isShown = field.type === 'text';
  field.type = isShown ? 'password' : 'text';
  reveal.setAttribute('aria-pressed', String(!isShown));
} } }, t('sign-in.reveal'));
const button = h('button', { type: 'submit', class: 'main' }, t('sign-in.start'));
const form = h('form', { class: 'sign-in', on: { submit: async (event) => {
  event.preventDefault();
  button.disabled = true;
  try {
    await call('/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token: field.value.trim() }) });
    location.assign(next());
  } catch (problem) {
    show(result, problem.status === 401 ? h('div', { class: 'box fails' }, h('p', {}, mark('fails'), ' ', h('a', { href: '#token' }, t('sign-in.refused')))) : problemBox(problem));
    field.setAttribute('aria-invalid', 'true');
    field.focus();
    button.disabled = false;
  }
} } },
h('p', {}, t('sign-in.explain')),
h('input', { type: 'text', name: 'username', autocomplete: 'username', value: 'plumbline', hidden: true }),
h('label', { for: 'token' }, t('sign-in.token')), h('p', { id: 'token-hint', class: 'quiet' }, t('sign-in.hint')),
h('div', { class: 'fields' }, field, reveal), h('p', { class: 'actions' }, button), result);
document.getElementById('view').append(h('section', { class: 'panel', 'aria-label': t('view.sign-in') }, form));

/** Only a path of this gateway; anything else would lead away. */
function next() {
  const path = asked('next') ?? '/';
  const target = new URL(path, location.origin);
  return target.origin === location.origin && path.startsWith('/') ? target.pathname + target.search : '/';
}
