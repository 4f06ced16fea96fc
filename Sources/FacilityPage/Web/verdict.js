// A verdict in three levels: the sentence, why, the bytes. The page is never surer than what was checked.

import * as w from './words.js';
import { h, mark, hashTag, timeTag, get } from './app.js';
const { t } = w;

const tones = { holds: 'holds', notes: 'notes', 'own-network': 'unknown', fails: 'fails', 'not-authenticated': 'unknown', 'not-checked': 'unknown', waiting: 'unknown' };

/** Which sentence of the table applies: the first of the order that does. */
export function kind(answer) {
  const own = answer.selfNetwork || answer.findings.some(({ code }) => code === 'W_SELF_NETWORK');
  if (answer.verdict === 'does-not-hold') return 'fails';
  if (answer.verdict === 'not-authenticated') return 'not-authenticated';
  if (answer.verdict !== 'holds' && answer.verdict !== 'holds-with-notes') return 'not-checked';
  if (own) return 'own-network';
  return answer.verdict === 'holds' && answer.findings.length === 0 ? 'holds' : 'notes';
}

/** Title, sentence and next step of every finding, in the reader's language. */
let table;
export async function findingWords() {
  table ??= await get(`/page/findings-${w.language}.json` + new URL(import.meta.url).search);
  return table;
}

/** The sentence of section 4 as its bold first words and the rest. */
export function words(answer, findings) {
  const which = kind(answer);
  const broken = answer.findings.find(({ severity }) => severity === 'error')
    ?? answer.findings.find(({ code, severity }) => severity === 'unchecked' && code !== 'W_POLICY_FROM_FILE');
  const told = broken && findings[broken.code] ? findings[broken.code].sentence : '';
  const about = broken?.about ? ` (${typeof broken.about === 'string' ? broken.about : JSON.stringify(broken.about)})` : '';
  const values = { k: answer.findings.length, what: (told || t('verdict.fails.what')).replace(/\.$/, '') + about, why: told || t('verdict.not-checked.why') };
  let rest = t(`verdict.${which}.rest`, values);
  if (which === 'holds') {
    const count = counted(answer);
    rest = [count === null ? t('verdict.holds.all') : t('verdict.holds.rest', { n: count }), placed(answer)].filter(Boolean).join(' ');
  }
  if (which === 'notes') rest = [rest, placed(answer), t('verdict.notes.read')].filter(Boolean).join(' ');
  // On the operator's own network a bracket is there only when a time stamp that is trusted gives it.
  const isStamped = which === 'own-network' && answer.bracket;
  if (isStamped) rest = t('verdict.own-network.stamped.rest', { B: w.moment(w.instant(answer.bracket.notAfter)) });
  if (which === 'fails' && answer.steps.some(({ state }) => state === 'not-checked' || state === 'unknown')) rest += ' ' + t('verdict.fails.after');
  return { which, tone: tones[which], head: isStamped ? t('verdict.own-network.stamped.head') : t(`verdict.${which}.head`, values), rest };
}

/** How many records the answer's own sentence counts; null where it names no number. */
function counted(answer) {
  const found = new RegExp(t('verdict.holds.rest', { n: '(\\d+)' })).exec(answer.sentence ?? '');
  return found ? Number(found[1]) : null;
}
/** Between which instants the records were placed in the log; only where the answer prints a bracket. */
function placed({ bracket }) {
  if (!bracket) return null;
  const B = w.moment(w.instant(bracket.notAfter));
  return bracket.notBefore === null ? t('verdict.bracket.open', { B }) : t('verdict.bracket', { A: w.moment(w.instant(bracket.notBefore)), B });
}

/** The whole box; `about` are lines that stand between the sentence and the steps. */
export async function verdictBox(answer, about = []) {
  const findings = await findingWords();
  const { tone, head, rest } = words(answer, findings);
  return h('section', { class: 'verdict ' + tone, 'aria-label': t('verdict.label') },
    h('p', { class: 'sentence' }, mark(tone), ' ', h('strong', {}, head), ' ', rest),
    h('p', { class: 'quiet' }, t('verdict.checked-by'), ' · ', t('verdict.sensor')),
    about,
    notes(answer, findings), why(answer, findings, tone));
}

function notes(answer, findings) {
  if (!answer.findings.length) return null;
  return h('ul', { class: 'findings' }, answer.findings.map(({ code, severity }) => {
    const told = findings[code] ?? { title: code, sentence: '', next: '' };
    return h('li', { class: severity === 'note' ? 'notes' : 'fails' }, mark(severity === 'note' ? 'notes' : 'fails'), ' ',
      h('strong', {}, told.title + '.'), ' ', told.sentence, ' ', h('span', { class: 'next' }, told.next));
  }));
}

const stepMarks = { holds: 'holds', fails: 'fails', 'does-not-hold': 'fails', notes: 'notes' };
function why(answer, findings, tone) {
  const details = h('details', { class: 'why' },
    h('summary', {}, t('verdict.why', { n: answer.steps.length })),
    h('ol', {}, answer.steps.map((step) => {
      const state = stepMarks[step.state] ?? 'unknown';
      const key = w.has('step.' + step.step) ? 'step.' + step.step : null;
      return h('li', {}, h('p', { class: state }, mark(state), ' ', h('strong', {}, t('step.state.' + state)), ' ', key ? t(key) : step.step), bytesOf(step));
    })),
    answer.findings.length > 0 && h('p', { class: 'quiet' }, t('verdict.codes'), ' ', answer.findings.map(({ code }) => [h('code', {}, code), ' '])));
  if (tone === 'fails') details.open = true;
  return details;
}

/** What a step rests on, member by member as the answer has it. */
function bytesOf(step) {
  const members = Object.entries(step).filter(([name, value]) => name !== 'step' && name !== 'state' && value !== null);
  if (!members.length) return null;
  return h('details', { class: 'bytes' }, h('summary', {}, t('verdict.bytes')),
    h('dl', { class: 'facts' }, members.map(([name, value]) => h('div', {}, h('dt', {}, w.has('member.' + name) ? t('member.' + name) : name), h('dd', {}, shownMember(name, value))))));
}
function shownMember(name, value) {
  if (typeof value === 'string' && /^(0x)?[0-9a-f]{64}$/.test(value)) return hashTag(value, name);
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(value)) return timeTag(w.instant(value));
  if (typeof value === 'number') return h('span', { class: 'number' }, String(value));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Not fixed yet: the sentence for a reading or file that waits. `minutes` is how long the network usually takes. */
export function waitingBox(sinceMs, expectedMs, minutes) {
  return h('section', { class: 'verdict unknown', 'aria-label': t('verdict.label') },
    h('p', { class: 'sentence' }, mark('unknown'), ' ', h('strong', {}, t('verdict.waiting.head')), ' ',
      expectedMs === null ? t('verdict.waiting.soon', { t: w.moment(sinceMs) })
        : t('verdict.waiting.rest', { t: w.moment(sinceMs), m: minutes, t2: w.moment(expectedMs, false) })),
    h('p', { class: 'quiet' }, t('verdict.sensor')));
}

/** Minutes the network usually takes between two confirmations, from the newest anchors; at least one. */
export function usualMinutes(anchors) {
  const times = anchors.filter((anchor) => anchor.milestone).map((anchor) => w.instant(anchor.milestone.at)).sort((a, b) => b - a);
  const lengths = times.slice(1).map((ms, i) => times[i] - ms).sort((a, b) => a - b);
  return lengths.length ? Math.max(1, Math.ceil(lengths[Math.floor(lengths.length / 2)] / 60000)) : null;
}
