// Words, numbers, units and times: the only module that formats any of them.

const data = JSON.parse(document.getElementById('words').textContent);
const root = document.documentElement;
const query = new URLSearchParams(location.search);

export const language = root.lang === 'de' ? 'de' : 'en';
const locale = language === 'de' ? 'de-DE' : 'en-GB';

/** IANA name of the building's zone; the reader's own zone is never asked for a figure. */
export const buildingZone = root.dataset.zone;
export const isUTC = query.get('times') === 'utc';
export const zone = isUTC ? 'UTC' : buildingZone;

/** The word for a key, `{name}` filled from `values`; a `.one` form is taken when the count in it is 1. */
export function t(key, values = {}) {
  const isOne = [values.n, values.k, values.m].includes(1);
  const text = (isOne && data[key + '.one']) || data[key] || key;
  return text.replace(/\{(\w+)\}/g, (slot, name) => (name in values ? String(
    typeof values[name] === 'number' ? number(values[name]) : values[name]) : slot));
}
export const has = (key) => key in data;

// Numbers. A thin no-break space stands before every unit.
const exact = new Intl.NumberFormat(locale, { maximumFractionDigits: 9 });
const rounded = [0, 1, 2, 3].map((digits) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }));
export const number = (value) => exact.format(value);
/** A computed figure (a mean): four significant digits, never more than three decimals. */
export const figure = (value) => {
  const size = Math.abs(value);
  return rounded[size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3].format(value);
};
export const percent = (share) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(share);

const symbols = {
  Cel: '°C', K: 'K', '[ppm]': 'ppm', 'kW.h': 'kWh', 'W.h': 'Wh', 'MW.h': 'MWh', 'kV.A': 'kVA', 'V.A': 'VA',
  'kvar.h': 'kvarh', '%': '%', 'm3.h-1': 'm³/h', 'm3/h': 'm³/h', 'm3': 'm³', 'L.s-1': 'L/s', 'L.min-1': 'L/min',
  'm.s-1': 'm/s', 'm/s': 'm/s', 'W.m-2': 'W/m²', 'W/m2': 'W/m²', 'ug.m-3': 'µg/m³', 'ug/m3': 'µg/m³', deg: '°', Ohm: 'Ω',
  '[degF]': '°F', h: 'h', min: 'min', s: 's', 'B[SPL]': 'B', 'dB[SPL]': 'dB', '1': '', lx: 'lx', Hz: 'Hz', mbar: 'mbar',
};
/** UCUM as people write it; a unit that is not in the table stands as it is. */
export const unit = (ucum) => (ucum === null || ucum === undefined ? '' : symbols[ucum] ?? ucum);
export const withUnit = (text, ucum) => (unit(ucum) ? `${text}\u202f${unit(ucum)}` : text);

/** A value as it stands in the answer, exactly; what is missing is said in words, never 0 and never blank. */
export function value(reading, ucum) {
  if (!reading || reading.value === null || reading.value === undefined) return t('value.none');
  const text = typeof reading.value === 'number' ? number(reading.value) : String(reading.value);
  return (reading.quality === 'estimated' ? '≈\u202f' : '') + withUnit(text, ucum);
}
export const bytes = (count) => (count < 1000 ? `${number(count)}\u202fB`
  : count < 1e6 ? `${rounded[1].format(count / 1e3)}\u202fkB` : `${rounded[1].format(count / 1e6)}\u202fMB`);
/** A hash in groups of four; copied without the spaces. */
export const grouped = (hash) => hash.replace(/^0x/, '').match(/.{1,4}/g)?.join('\u2009') ?? hash;

// The clock: the gateway's, not the reader's device.
let ahead = 0;
/** Whether the gateway's clock is known yet; until then no present time is shown. */
export let isClockKnown = false;
export const now = () => Date.now() + ahead;
/** Takes the gateway's instant; a device that is less than 5 s off keeps its own count. */
export function setClock(serverMs) {
  if (!Number.isFinite(serverMs)) return;
  isClockKnown = true;
  const off = serverMs - Date.now();
  ahead = Math.abs(off) > 5000 ? off : 0;
}

// Times. Every formatter names its zone.
const formatters = new Map();
function formatter(options, inZone = zone) {
  const key = inZone + JSON.stringify(options);
  if (!formatters.has(key)) {
    formatters.set(key, new Intl.DateTimeFormat(locale, { hourCycle: 'h23', ...options, timeZone: inZone }));
  }
  return formatters.get(key);
}
export const instant = (text) => Date.parse(text);
const clockTime = { hour: '2-digit', minute: '2-digit', second: '2-digit' };
const shortTime = { hour: '2-digit', minute: '2-digit' };
export const time = (ms) => formatter(clockTime).format(ms);
export const minute = (ms) => formatter(shortTime).format(ms);
export const date = (ms) => formatter({ day: 'numeric', month: 'short', year: 'numeric' }).format(ms);
export const dayMonth = (ms) => formatter({ day: 'numeric', month: 'short' }).format(ms);
export const weekday = (ms) => formatter({ weekday: 'short', day: 'numeric', month: 'short' }).format(ms);
export const monthName = (ms) => formatter({ month: 'long', year: 'numeric' }).format(ms);

/** The time alone on the building's present day, else with its date; with the offset where the hour is doubled. */
export function moment(ms, withSeconds = true) {
  const clock = withSeconds ? time(ms) : minute(ms);
  const text = isDoubled(ms) ? `${clock} ${offsetText(ms)}` : clock;
  if (dayOf(ms) === dayOf(now())) return text;
  const sameYear = dayOf(ms).slice(0, 4) === dayOf(now()).slice(0, 4);
  return `${sameYear ? dayMonth(ms) : date(ms)}, ${text}`;
}
/** `03:12–03:16`, with the day in front unless it is today. */
export function span(fromMs, toMs) {
  const end = dayOf(fromMs) === dayOf(toMs) ? minute(toMs) : moment(toMs, false);
  return `${moment(fromMs, false)}–${end}`;
}

/** A length of time: `5 s`, `22 min`, `1 h 32 min`, `3 d 4 h`; days from so many hours on. */
export function duration(ms, hoursMost = 24) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return t('time.s', { s: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('time.min', { m: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < hoursMost) return minutes % 60 ? t('time.hmin', { h: hours, m: minutes % 60 }) : t('time.h', { h: hours });
  const days = Math.floor(hours / 24);
  return hours % 24 ? t('time.dh', { d: days, h: hours % 24 }) : t('time.d', { d: days });
}
export const ago = (ms) => t('time.ago', { t: duration(now() - ms) });

// The arithmetic of local days, in the zone shown.
const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' };
const numeric = new Map();
/** Milliseconds the zone's wall clock is ahead of UTC at that instant. */
export function offsetAt(ms, inZone = zone) {
  if (!numeric.has(inZone)) {
    numeric.set(inZone, new Intl.DateTimeFormat('en-US', { ...parts, hourCycle: 'h23', timeZone: inZone }));
  }
  const p = Object.fromEntries(numeric.get(inZone).formatToParts(ms).map((x) => [x.type, Number(x.value)]));
  return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(ms / 1000) * 1000;
}
/** `+01:00`. */
export function offsetText(ms) {
  const minutes = Math.round(offsetAt(ms) / 60000);
  const two = (n) => String(n).padStart(2, '0');
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}
/** `Europe/Oslo (UTC+1)`, or `UTC`. */
export function zoneName(ms = now()) {
  if (isUTC) return 'UTC';
  const minutes = Math.round(offsetAt(ms) / 60000);
  const rest = Math.abs(minutes) % 60 ? ':' + String(Math.abs(minutes) % 60).padStart(2, '0') : '';
  return `${zone} (UTC${minutes < 0 ? '−' : '+'}${Math.floor(Math.abs(minutes) / 60)}${rest})`;
}
/** `2026-03-29`: the local day an instant falls on. */
export const dayOf = (ms) => new Date(ms + offsetAt(ms)).toISOString().slice(0, 10);
/** The instant at which a local wall time is first reached; inside a skipped hour, the end of the jump. */
export function atLocal(day, hour = 0, minutes = 0) {
  const wall = Date.parse(day + 'T00:00:00Z') + (hour * 60 + minutes) * 60000;
  const guesses = [wall - offsetAt(wall - 86400000), wall - offsetAt(wall + 86400000)];
  const exactly = guesses.filter((ms) => ms + offsetAt(ms) === wall);
  return exactly.length ? Math.min(...exactly) : Math.max(...guesses);
}
export const nextDay = (day, step = 1) => new Date(Date.parse(day + 'T12:00:00Z') + step * 86400000).toISOString().slice(0, 10);
/** Start and end of a local day; 23, 24 or 25 hours apart, or with a half. */
export const dayRange = (day) => [atLocal(day), atLocal(nextDay(day))];
/** The instants between two at which the zone's offset changes. */
export function clockChanges(fromMs, toMs) {
  const found = [];
  for (let ms = fromMs; ms < toMs; ms += 86400000) {
    let low = ms;
    let high = Math.min(ms + 86400000, toMs);
    if (offsetAt(low) === offsetAt(high)) continue;
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000;
      if (offsetAt(middle) === offsetAt(low)) low = middle; else high = middle;
    }
    found.push(high);
  }
  return found;
}
/** Whether the wall clock shows this time twice on this day. */
function isDoubled(ms) {
  const here = offsetAt(ms);
  return [-1, 1].some((side) => {
    const there = offsetAt(ms + side * 3 * 3600000);
    return there !== here && offsetAt(ms + here - there) === there;
  });
}
/** A line for readers whose device stands in another zone; null where it shows the same wall clock. */
export const otherZone = () => (offsetAt(now()) === -new Date(now()).getTimezoneOffset() * 60000 ? null : t('time.other-zone', { zone: zoneName() }));

/** A type of the model as words: `Electric_Energy_Sensor` → `Electric energy sensor`. English in every language. */
export const typeName = (type) => {
  const text = String(type ?? '').replaceAll('_', ' ');
  return text.replace(/ (\p{Lu})(?=\p{Ll})/gu, (all, letter) => ' ' + letter.toLowerCase());
};
export const quality = (name) => (has('quality.' + name) ? t('quality.' + name) : name);
