// Check a file: drop it, read what holds. Nothing is kept.

import * as w from './words.js';
import { h, mark, call, start, show, hashTag, sha256, problemBox, say } from './app.js';
import { verdictBox } from './verdict.js';
const { t } = w;

const mostBytes = 512 * 1024 * 1024;
const hashedHereBytes = 128 * 1024 * 1024;

start(async (main) => {
  const result = h('div', { class: 'result', 'aria-live': 'polite' });
  const fileField = field('file', t('check.file'), t('check.file.hint'), true);
  const cardField = field('card', t('check.card'), t('check.card.hint'), false);
  const button = h('button', { type: 'submit', class: 'main', 'data-online': true }, t('check.start'));
  const form = h('form', { class: 'check', on: { submit: (event) => {
    event.preventDefault();
    check(result, button, fileField.input.files[0], cardField.input.files[0]);
  } } }, h('div', { class: 'fields' }, fileField.box, cardField.box), h('p', { class: 'actions' }, button));
  main.append(
    h('section', { class: 'panel wide', 'aria-labelledby': 'give' }, h('h2', { id: 'give' }, t('check.give')), h('p', {}, t('check.explain')), form),
    h('section', { class: 'panel wide', 'aria-labelledby': 'own' }, h('h2', { id: 'own' }, t('check.own')), h('p', {}, t('check.own.words')),
      h('pre', {}, h('code', {}, 'plumbline verify FILE --policy CARD'))));
  form.append(result);
});

/** A file field that takes a dropped file too; the button does the same without a mouse. */
function field(name, label, hint, isRequired) {
  const input = h('input', { type: 'file', id: name, name, required: isRequired, 'aria-describedby': name + '-hint' });
  const box = h('div', { class: 'drop', on: {
    dragover: (event) => { event.preventDefault(); box.classList.add('over'); },
    dragleave: () => box.classList.remove('over'),
    drop: (event) => {
      event.preventDefault();
      box.classList.remove('over');
      if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
    },
  } }, h('label', { for: name }, label), h('p', { id: name + '-hint', class: 'quiet' }, hint), input);
  return { input, box };
}

async function check(place, button, file, card) {
  if (!file) return;
  if (file.size > mostBytes) {
    show(place, h('div', { class: 'box fails' }, h('p', {}, mark('fails'), ' ', t('check.too-large', { size: w.bytes(file.size) }))));
    return;
  }
  button.disabled = true;
  show(place, h('p', { role: 'status' }, t('state.checking')));
  try {
    let body = file;
    const headers = {};
    if (card) {
      body = new FormData();
      body.append('file', file);
      body.append('card', card);
    } else headers['Content-Type'] = 'application/octet-stream';
    const mine = file.size <= hashedHereBytes ? await sha256(file) : null;
    const answer = await (await call('/v1/verifications', { method: 'POST', headers, body })).json();
    const digest = answer.sha256 ?? mine;
    const isSame = mine === null || answer.sha256 === undefined || mine === answer.sha256;
    show(place, await verdictBox(answer, [
      h('p', {}, t('check.here'), ' ', t('check.card.' + (answer.card === 'own' ? 'own' : 'from-file'))),
      h('pre', {}, h('code', {}, `plumbline verify ${file.name.includes(' ') ? `'${file.name}'` : file.name} --policy YOUR.card`)),
      digest && h('p', {}, t('check.sha'), ' ', hashTag(digest, 'SHA-256')),
      !isSame && h('p', { class: 'box fails' }, mark('fails'), ' ', t('check.other-file')),
    ]));
    say(place.querySelector('.sentence').textContent);
  } catch (problem) {
    show(place, problemBox(problem));
  } finally {
    button.disabled = false;
  }
}
