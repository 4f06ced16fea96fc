// Building: the tree on the left, one room or piece of equipment on the right.

import * as w from './words.js';
import { h, mark, all, get, start, show, listen, panel, later, title, to, asked, pathId, pointAddress, entityAddress, qualityTag, timeTag, agoTag, say } from './app.js';
const { t } = w;

start(async (main) => {
  const id = pathId();
  const find = asked('find');
  document.body.dataset.step = id || find !== null ? 'entity' : 'tree';
  const tree = h('div');
  const entity = h('div');
  main.append(
    h('section', { class: 'panel tree', 'aria-labelledby': 'tree' }, h('h2', { id: 'tree' }, t('building.tree')), tree),
    h('section', { class: 'panel entity', 'aria-label': t('building.entity') },
      h('p', { class: 'back' }, h('a', { href: to('/building') }, t('building.back'))), entity));
  const entities = all('/v1/entities?limit=1000');
  entities.catch(() => null);
  panel(tree, async () => forest(await entities, id));
  if (find !== null) panel(entity, () => found(find, entities));
  else await one(entity, id, entities);
});

const targets = (entity, kind) => entity.relations.filter((relation) => relation.kind === kind).map((relation) => relation.target);
const parent = (entity) => targets(entity, 'in')[0] ?? targets(entity, 'at')[0] ?? targets(entity, 'submeterOf')[0] ?? null;

/** Nested lists with buttons; open along the way to the chosen one, and the first two levels. */
function forest(entities, chosen) {
  if (!entities.length) return h('p', {}, t('building.none'));
  const byId = new Map(entities.map((entity) => [entity.id, entity]));
  const children = new Map();
  for (const entity of entities) {
    const above = byId.has(parent(entity)) ? parent(entity) : null;
    children.set(above, [...(children.get(above) ?? []), entity]);
  }
  const way = new Set();
  for (let id = chosen; id && !way.has(id); id = byId.has(id) ? parent(byId.get(id)) : null) way.add(id);
  const branch = (above, depth, seen) => {
    const list = (children.get(above) ?? []).filter(({ id }) => !seen.has(id)).sort((a, b) => a.label.localeCompare(b.label, w.language, { numeric: true }));
    if (!list.length) return null;
    return h('ul', { class: 'tree' }, list.map((entity) => {
      const below = branch(entity.id, depth + 1, new Set([...seen, entity.id]));
      const isOpen = depth < 2 || way.has(entity.id);
      const link = h('a', { href: entityAddress(entity.id), 'aria-current': entity.id === chosen ? 'page' : null }, entity.label);
      if (!below) return h('li', {}, h('div', { class: 'node' }, h('span', { class: 'twig' }), link));
      below.hidden = !isOpen;
      const button = h('button', { type: 'button', class: 'twig', 'aria-expanded': String(isOpen), 'aria-label': t('building.open', { name: entity.label }), on: { click: () => {
        below.hidden = !below.hidden;
        button.setAttribute('aria-expanded', String(!below.hidden));
      } } }, mark('next'));
      return h('li', {}, h('div', { class: 'node' }, button, link), below);
    }));
  };
  return branch(null, 0, new Set());
}

async function one(place, id, entities) {
  const rows = new Map();
  let shownId = id;
  const run = panel(place, async () => {
    const list = await entities;
    shownId = id ?? list.find(({ type }) => type === 'Building')?.id ?? list[0]?.id;
    if (!shownId) return h('p', {}, t('building.none'));
    const [entity, points] = await Promise.all([get('/v1/entities/' + encodeURIComponent(shownId)), all('/v1/points?' + new URLSearchParams({ entity: shownId, limit: 1000 }))]);
    if (id) title(entity.label);
    const label = (other) => list.find((one) => one.id === other)?.label ?? other;
    const relations = ['in', 'at', 'feeds', 'meters', 'submeterOf', 'includes', 'controls'].flatMap((kind) => targets(entity, kind).map((other) => [kind, other]));
    const inverse = list.flatMap((other) => ['feeds', 'meters', 'submeterOf', 'controls'].filter((kind) => targets(other, kind).includes(shownId)).map((kind) => [kind + '.inverse', other.id]));
    rows.clear();
    return [
      h('h2', {}, id ? t('points') : entity.label),
      h('p', { class: 'quiet' }, h('span', { lang: 'en' }, w.typeName(entity.type)), ' · ', h('code', {}, entity.id)),
      relations.length + inverse.length > 0 && h('p', {}, [...relations, ...inverse].map(([kind, other], i) => [i ? ' · ' : '', t('relation.' + kind), ' ', h('a', { href: entityAddress(other) }, label(other))])),
      points.length ? table(points, rows) : h('p', {}, t('building.no-points')),
      facts(entity),
    ];
  });
  const soon = later(run, 2000);
  listen({ kinds: ['reading', 'quality', 'change'], refetch: run, on: (kind, data) => {
    if (kind === 'change' || (kind === 'quality' && rows.has(data.point))) return soon();
    if (kind !== 'reading') return null;
    for (const reading of data.readings) {
      const row = rows.get(reading.point);
      if (row) row({ quality: reading.quality, unit: reading.unit, last: reading, since: null });
    }
    return null;
  } });
}

/** What the building file says of it beside its relations: serial number, class, seal. */
function facts({ annotations }) {
  const groups = Object.entries(annotations ?? {});
  return groups.length > 0 && h('details', {}, h('summary', {}, t('building.facts')), groups.map(([group, fields]) => h('dl', { class: 'facts', lang: 'en' },
    Object.entries(fields).map(([name, value]) => h('div', {}, h('dt', {}, `${group}, ${name}`), h('dd', {}, value))))));
}

/** One row per point; `rows` takes a function per id that renews the row. */
function table(points, rows, isWhole = false) {
  return h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('points') }, h('table', { class: 'points', role: 'table' },
    h('caption', { class: 'unseen' }, t('points')),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ['point', 'value', 'time', 'quality'].map((key) => h('th', { scope: 'col', role: 'columnheader', class: key === 'value' ? 'right' : null }, t(key))))),
    h('tbody', { role: 'rowgroup' }, points.map((point) => {
      const cells = ['right value', 'at', 'how'].map((name) => h('td', { role: 'cell', class: name }));
      const renew = (state) => {
        const at = state.last ? w.instant(state.last.at) : null;
        const isMissing = ['offline', 'no-value', 'device-fault'].includes(state.quality);
        show(cells[0], isMissing ? t('value.none') : w.value({ ...state.last, quality: state.quality }, point.unit));
        cells[0].className = 'right value ' + state.quality;
        show(cells[1], at === null ? '–' : isMissing && state.since ? [t('since'), ' ', timeTag(w.instant(state.since))] : [timeTag(at), ' ', agoTag(at)]);
        show(cells[2], qualityTag(state.quality, true));
      };
      renew(point);
      rows?.set(point.id, renew);
      const name = isWhole ? point.id : point.id.slice(point.entity.length + 1) || point.id;
      return h('tr', { role: 'row' }, h('th', { scope: 'row', role: 'rowheader' }, h('a', { href: pointAddress(point.id) }, name), h('span', { class: 'quiet kind', lang: 'en' }, w.typeName(point.type))), cells);
    }))));
}

/** Points and rooms whose id, name or type contains all the words; what is not found here may still exist. */
async function found(find, entities) {
  const parts = find.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (...texts) => parts.every((part) => texts.some((text) => String(text).toLowerCase().includes(part)));
  const points = (await all('/v1/points?limit=1000')).filter((point) => (parts.length ? has(point.id, point.entity, w.typeName(point.type)) : point.quality !== 'good'));
  const places = parts.length ? (await entities).filter((entity) => has(entity.id, entity.label, w.typeName(entity.type))) : [];
  const head = parts.length ? t('search.result', { find, n: points.length + places.length }) : t('search.not-good', { n: points.length });
  title(parts.length ? t('search.title', { find }) : t('search.not-good.title'));
  say(head);
  return [
    h('h2', {}, head),
    places.length > 0 && h('ul', { class: 'rows' }, places.map((entity) => h('li', {}, h('a', { class: 'go', href: entityAddress(entity.id) }, entity.label), h('span', { class: 'quiet', lang: 'en' }, w.typeName(entity.type))))),
    points.length > 0 && table(points, null, true),
    !points.length && !places.length && h('p', {}, t('search.none')),
  ];
}
