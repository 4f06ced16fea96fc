// One series over time, drawn in SVG at the width it really has. Gaps are the server's; the chart never guesses one.

import * as w from './words.js';
import { h, svg, show } from './app.js';
const { t } = w;

const joined = new Set(['good', 'overridden', 'estimated', 'stale']);
const minuteMs = 60000;
const hourMs = 3600000;

/**
 * Marks of one series from buckets or single reads: `{fromMs, toMs, low, high, mean, count, expected, quality}`, in
 * order; `mean` is null where there is no value. Reads have `fromMs` equal to `toMs`.
 */
export const fromBuckets = (buckets, seconds) => buckets.map((b) => ({
  fromMs: w.instant(b.start), toMs: w.instant(b.start) + seconds * 1000, low: b.min, high: b.max, mean: b.mean,
  count: b.count, expected: b.expected, quality: b.quality,
}));
export const fromReads = (reads) => reads.map((r) => {
  const value = typeof r.value === 'number' ? r.value : r.value === true ? 1 : r.value === false ? 0 : null;
  const at = w.instant(r.at);
  return { fromMs: at, toMs: at, low: value, high: value, mean: value, count: 1, expected: 1, quality: r.quality, at: r.at };
});

/** A bucket that holds values and the beginning of a silence is drawn by its values; the bracket tells the silence. */
const drawnAs = (mark) => (mark.fromMs !== mark.toMs && ['offline', 'no-value', 'device-fault', 'stale'].includes(mark.quality) ? 'good' : mark.quality);

/** Runs of marks that may be joined: broken at holes, at named gaps, and shared at a change of quality. */
export function runs(marks, gaps) {
  const found = [];
  let run = null;
  let before = null;
  for (const mark of marks) {
    const hole = mark.mean === null || (before && gaps.some((gap) => gap.fromMs < mark.fromMs && gap.toMs > before.toMs && gap.toMs > gap.fromMs));
    if (mark.mean === null) { run = null; before = null; continue; }
    const quality = drawnAs(mark);
    if (!run || hole || run.quality !== quality) {
      const seam = run && !hole && before && joined.has(run.quality) && joined.has(quality);
      run = { quality, marks: seam ? [before, mark] : [mark], seam: Boolean(seam) };
      found.push(run);
    } else run.marks.push(mark);
    before = mark;
  }
  return found;
}

/** Round steps between two values, about `count` of them and none smaller than `least`. */
export function ticks(low, high, count, least = 0) {
  const raw = Math.max(least, (high - low) / Math.max(1, count) || 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= raw * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const list = [];
  for (let i = first; i * step <= high + step * 1e-9; i += 1) list.push(Number((i * step).toPrecision(12)));
  return { step, list };
}

/** Instants for labels of the time axis: whole local hours or days, at most one per 76 px. */
export function timeTicks(fromMs, toMs, width) {
  const room = Math.max(2, Math.floor(width / 76));
  const steps = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720].map((n) => n * minuteMs);
  const step = steps.find((n) => (toMs - fromMs) / n <= room);
  if (!step) {
    const every = [1, 2, 4, 7, 14, 28].find((n) => (toMs - fromMs) / (n * 24 * hourMs) <= room) ?? 28;
    const list = [];
    for (let day = w.dayOf(fromMs), n = 0; w.atLocal(day) < toMs; day = w.nextDay(day), n += 1) {
      if (n % every === 0 && w.atLocal(day) >= fromMs) list.push({ ms: w.atLocal(day), text: w.dayMonth(w.atLocal(day)) });
    }
    return list;
  }
  const fine = Math.min(step, 15 * minuteMs);
  const list = [];
  for (let ms = Math.ceil(fromMs / fine) * fine; ms <= toMs; ms += fine) {
    const wall = ms + w.offsetAt(ms);
    if (wall % step !== 0) continue;
    const isMidnight = wall % (24 * hourMs) === 0;
    list.push({ ms, text: isMidnight ? w.dayMonth(ms) : w.moment(ms, false).replace(/^.*, /, '') });
  }
  return list;
}

/**
 * Draws into `place` and again whenever its width changes. `enter(mark)` is called for Enter or a click on a mark.
 */
export function chart(place, { name, marks, gaps, fromMs, toMs, unit, isStep, enter }) {
  const frame = h('div', { class: 'chart', tabindex: 0, role: 'application', 'aria-label': t('chart.label', { name }), 'aria-describedby': 'in-words' });
  const readout = h('p', { class: 'readout', 'aria-live': 'polite' }, t('chart.hint'));
  const drawable = marks.filter((mark) => mark.fromMs < w.now());
  const view = { gaps, fromMs, toMs, unit, isStep, marks: drawable };
  let cursor = null;
  let scale = null;

  const draw = () => {
    const width = Math.floor(frame.clientWidth);
    if (width < 50) return;
    const drawn = picture(view, width, cursor);
    scale = drawn.scale;
    show(frame, drawn.element);
  };
  const point = (index) => {
    if (!drawable.length) return;
    cursor = drawable[Math.max(0, Math.min(drawable.length - 1, index))];
    readout.textContent = inWords(cursor, unit);
    draw();
  };
  const index = () => (cursor ? drawable.indexOf(cursor) : drawable.length);
  const day = () => (drawable.length > 1 ? Math.max(1, Math.round(24 * hourMs / Math.max(1, (drawable.at(-1).fromMs - drawable[0].fromMs) / (drawable.length - 1)))) : 1);
  frame.addEventListener('keydown', (event) => {
    const moves = { ArrowLeft: () => index() - 1, ArrowRight: () => index() + 1, Home: () => 0, End: () => drawable.length - 1,
      PageUp: () => index() - day(), PageDown: () => index() + day() };
    if (moves[event.key]) { point(moves[event.key]()); event.preventDefault(); }
    if (event.key === 'Enter' && cursor) enter?.(cursor);
  });
  const nearest = (event) => {
    if (!scale) return -1;
    const ms = scale.ms(event.clientX - frame.getBoundingClientRect().left);
    let best = -1;
    drawable.forEach((mark, i) => {
      const off = (m) => Math.abs((m.fromMs + m.toMs) / 2 - ms);
      if (best < 0 || off(mark) < off(drawable[best])) best = i;
    });
    return best;
  };
  frame.addEventListener('pointermove', (event) => { const i = nearest(event); if (i >= 0 && drawable[i] !== cursor) point(i); });
  frame.addEventListener('click', (event) => { const i = nearest(event); if (i >= 0) { point(i); enter?.(cursor); } });
  show(place, frame, readout);
  new ResizeObserver(draw).observe(frame);
}

function inWords(mark, unit) {
  const when = mark.fromMs === mark.toMs ? w.moment(mark.fromMs) : w.span(mark.fromMs, mark.toMs);
  if (mark.mean === null) return t('chart.read.none', { when, quality: w.quality(mark.quality) });
  if (mark.fromMs === mark.toMs) return t('chart.read.one', { when, value: w.withUnit(w.number(mark.mean), unit), quality: w.quality(mark.quality) });
  return t('chart.read', { when, mean: w.withUnit(w.figure(mark.mean), unit), low: w.number(mark.low), high: w.number(mark.high),
    count: mark.count, expected: mark.expected, quality: w.quality(mark.quality) });
}

function picture({ marks, gaps, fromMs, toMs, unit, isStep }, width, cursor) {
  const values = marks.filter((mark) => mark.mean !== null);
  const low = Math.min(...values.map((mark) => mark.low));
  const high = Math.max(...values.map((mark) => mark.high));
  const range = domain(low, high);
  const height = Math.round(Math.max(190, Math.min(340, width * 0.42)));
  const isWhole = isStep && values.every((mark) => Number.isInteger(mark.mean));
  const { step, list } = ticks(range.low, range.high, Math.floor(height / 52), isWhole ? 1 : 0);
  const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)) + (String(step).includes('25') ? 1 : 0));
  const label = (value) => w.number(Number(value.toFixed(digits)));
  const left = 14 + 7.4 * Math.max(3, ...list.map((value) => label(value).length));
  // A doubled hour is labelled twice, the second time one line lower.
  const isDoubled = toMs - fromMs <= 48 * hourMs && w.clockChanges(fromMs, toMs).length > 0;
  const box = { left, right: width - 14, top: 26, bottom: height - (isDoubled ? 54 : 40) };
  const x = (ms) => box.left + (ms - fromMs) / (toMs - fromMs) * (box.right - box.left);
  const y = (value) => box.bottom - (value - range.low) / (range.high - range.low) * (box.bottom - box.top);
  const r = (n) => Math.round(n * 10) / 10;
  const element = svg('svg', { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true', focusable: 'false' });

  for (const value of list) {
    element.append(svg('line', { class: value === 0 ? 'zero' : 'grid', x1: r(box.left), x2: r(box.right), y1: r(y(value)), y2: r(y(value)) }),
      svg('text', { class: 'tick', x: r(box.left - 8), y: r(y(value) + 4), 'text-anchor': 'end' }, label(value)));
  }
  if (w.unit(unit)) element.append(svg('text', { class: 'tick', x: r(box.left - 8), y: 12, 'text-anchor': 'end' }, w.unit(unit)));
  element.append(svg('line', { class: 'axis', x1: r(box.left), x2: r(box.right), y1: r(box.bottom), y2: r(box.bottom) }));
  drawTimes(element, { fromMs, toMs, x, box, r });
  drawGaps(element, { gaps, fromMs, toMs, x, box, r });
  for (const run of runs(marks, gaps)) drawRun(element, run, { x, y, r, isStep });
  if (cursor) drawCursor(element, cursor, { x, y, r, box });
  return { element, scale: { ms: (px) => fromMs + (px - box.left) / (box.right - box.left) * (toMs - fromMs) } };
}

/** From zero where zero is near, else round the values, with a little air. */
export function domain(low, high) {
  if (!Number.isFinite(low)) return { low: 0, high: 1 };
  const from = low >= 0 && low <= high * 0.3 ? 0 : low;
  const to = high <= 0 && high >= low * 0.3 ? 0 : high;
  const air = (to - from || Math.abs(to) * 0.01 || 1) * 0.06;
  return { low: from === 0 ? 0 : from - air, high: to === 0 ? 0 : to + air };
}

function drawTimes(element, { fromMs, toMs, x, box, r }) {
  let end = -Infinity;
  for (const { ms, text } of timeTicks(fromMs, toMs, box.right - box.left)) {
    const half = text.length * 3.5;
    const at = Math.min(Math.max(x(ms), half), box.right + 14 - half);
    element.append(svg('line', { class: 'axis', x1: r(x(ms)), x2: r(x(ms)), y1: box.bottom, y2: box.bottom + 5 }));
    const isBelow = at - half < end + 6;
    if (isBelow && text.length < 8) continue;
    element.append(svg('text', { class: 'tick', x: r(at), y: box.bottom + (isBelow ? 46 : 32), 'text-anchor': 'middle' }, text));
    if (!isBelow) end = at + half;
  }
  for (const ms of w.clockChanges(fromMs, toMs)) {
    const isLate = x(ms) > (box.left + box.right) / 2;
    element.append(svg('line', { class: 'change', x1: r(x(ms)), x2: r(x(ms)), y1: box.top - 10, y2: box.bottom }),
      svg('text', { class: 'tick', x: r(x(ms) + (isLate ? -6 : 6)), y: box.top - 4, 'text-anchor': isLate ? 'end' : 'start' }, t('chart.clocks-change')));
  }
}

/** A bracket below the baseline, ⌊ ⌋, with its cause where there is room; dotted where we hold the values back. */
function drawGaps(element, { gaps, fromMs, toMs, x, box, r }) {
  for (const gap of gaps) {
    const from = Math.max(gap.fromMs, fromMs);
    const to = Math.min(gap.toMs, toMs, w.now());
    if (to <= from) continue;
    const [a, b] = [x(from), Math.max(x(to), x(from) + 2)];
    const hidden = gap.cause === 'withheld' || gap.cause === 'erased';
    element.append(svg('path', { class: hidden ? 'gap hidden' : 'gap', d: `M${r(a)} ${box.bottom + 8}v7H${r(b)}v-7` }));
    const text = w.quality(gap.cause);
    if (text.length * 6.6 < b - a - 6) {
      element.append(svg('text', { class: 'tick cause', x: r((a + b) / 2), y: box.bottom - 8, 'text-anchor': 'middle' }, text));
    }
  }
}

function drawRun(element, { quality, marks, seam }, { x, y, r, isStep }) {
  const middle = (mark) => x((mark.fromMs + mark.toMs) / 2);
  const cls = 'series-1 ' + quality;
  if (!joined.has(quality)) {
    for (const mark of marks) element.append(svg('circle', { class: cls + ' dot', cx: r(middle(mark)), cy: r(y(mark.mean)), r: 3 }));
    return;
  }
  const isBand = !isStep && marks.some((mark) => mark.low !== mark.high);
  if (isBand && marks.length > 1) {
    const upper = marks.map((mark) => `${r(middle(mark))} ${r(y(mark.high))}`);
    const lower = marks.map((mark) => `${r(middle(mark))} ${r(y(mark.low))}`);
    element.append(svg('path', { class: 'series-1 band', d: `M${upper.join('L')}L${lower.reverse().join('L')}Z` }));
  }
  if (marks.length === 1 && !isStep) {
    const [mark] = marks;
    if (mark.low !== mark.high) element.append(svg('path', { class: cls + ' line', d: `M${r(middle(mark))} ${r(y(mark.low))}V${r(y(mark.high))}` }));
    element.append(svg('circle', { class: cls + ' only', cx: r(middle(mark)), cy: r(y(mark.mean)), r: 2.5 }));
  } else if (isStep) {
    const path = marks.map((mark, i) => `${i ? 'L' : 'M'}${r(x(mark.fromMs))} ${r(y(i ? marks[i - 1].mean : mark.mean))}V${r(y(mark.mean))}H${r(x(mark.toMs))}`);
    element.append(svg('path', { class: cls + ' line', d: path.join('') }));
  } else {
    element.append(svg('path', { class: cls + ' line', d: 'M' + marks.map((mark) => `${r(middle(mark))} ${r(y(mark.mean))}`).join('L') }));
  }
  if (quality === 'overridden') {
    let last = -Infinity;
    for (const mark of seam ? marks.slice(1) : marks) {
      if (middle(mark) - last < 24) continue;
      last = middle(mark);
      element.append(svg('path', { class: cls + ' line', d: `M${r(last)} ${r(y(mark.mean) - 4)}v8` }));
    }
  }
  if (quality === 'stale') element.append(svg('circle', { class: cls + ' dot', cx: r(middle(marks.at(-1))), cy: r(y(marks.at(-1).mean)), r: 4 }));
}

function drawCursor(element, mark, { x, y, r, box }) {
  const at = r(x((mark.fromMs + mark.toMs) / 2));
  element.append(svg('line', { class: 'cursor', x1: at, x2: at, y1: box.top, y2: box.bottom }));
  if (mark.mean !== null) element.append(svg('circle', { class: 'cursor', cx: at, cy: r(y(mark.mean)), r: 5 }));
}

/** The chart's sentence, made from the same marks. */
export function sentence({ marks, gaps, fromMs, toMs, unit }) {
  const past = marks.filter((mark) => mark.fromMs < w.now());
  const values = past.filter((mark) => mark.mean !== null);
  const length = w.duration(Math.min(toMs, w.now()) - fromMs, 48);
  if (!values.length) return t('chart.sentence.none', { length });
  const low = values.reduce((a, b) => (b.low < a.low ? b : a));
  const high = values.reduce((a, b) => (b.high > a.high ? b : a));
  const real = gaps.filter((gap) => gap.fromMs < w.now());
  const holes = real.length ? t('chart.sentence.gaps', { n: real.length, list: real.slice(0, 3).map((gap) => `${w.span(gap.fromMs, Math.min(gap.toMs, w.now()))} (${w.quality(gap.cause)})`).join(', ') + (real.length > 3 ? ' …' : '') })
    : t('chart.sentence.no-gap');
  const count = past.reduce((sum, mark) => sum + mark.count, 0);
  const expected = past.reduce((sum, mark) => sum + (mark.expected ?? 0), 0);
  return t(values[0].fromMs === values[0].toMs ? 'chart.sentence.reads' : 'chart.sentence', { length, count, expected, gaps: holes,
    low: w.withUnit(w.number(low.low), unit), lowAt: w.moment(low.fromMs, false), high: w.withUnit(w.number(high.high), unit), highAt: w.moment(high.fromMs, false) });
}
