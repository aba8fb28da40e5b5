// All layers: sorted, filtered, searched; only the rows in view exist.
const ROW = 28;
const MARGIN = 8;

const COLUMNS = [
  { key: 'index', title: H.index, number: true, value: (i) => LAYERS.raw('index', i) },
  { key: 'verdict', title: H.verdict, value: (i) => VERDICTS.indexOf(LAYERS.text('verdict', i)) },
  { key: 'node', title: H.layer, mono: true },
  { key: 'op', title: H.op },
  ...['cumulative', 'own_input'].flatMap((group) => [
    { key: `${group}.gate`, group, title: T.metric[GATE], number: true,
      value: (i) => (LAYERS.metric(group, 'nonfinite', i) ? Infinity : gateOf(group, i)),
      text: (i) => errorCell(group, i), level: (i) => level(group, GATE, i) },
    ...['max_abs', 'one_minus_cosine'].map((metric) => ({
      key: `${group}.${metric}`, group, title: T.metric[metric], number: true,
      value: (i) => LAYERS.metric(group, metric, i), text: (i) => sci(LAYERS.metric(group, metric, i)) })),
  ]),
  { key: 'role', title: H.role, value: (i) => ROLES.indexOf(LAYERS.text('role', i)) },
  { key: 'shape', title: H.shape, mono: true },
  { key: 'dtype', title: H.dtype, text: (i) => LAYERS.dtype(i) },
  { key: 'target_node', title: H.target, mono: true },
  { key: 'mapping', title: H.mapping, text: (i) => T.mapping[LAYERS.text('mapping', i)] },
  { key: 'reason', title: H.reason },
];

class LayerTable {
  constructor() {
    this.sort = { key: 'index', down: false };
    this.filter = { words: '', verdicts: new Set(), roles: new Set(), op: '', range: null };
    this.order = [];
    this.selected = -1;
    this.rows = new Map();
    this.haystack = Array.from({ length: LAYERS.count }, (_, i) =>
      ['node', 'op', 'tensor', 'target_node', 'target_op', 'target_tensor', 'reason']
        .map((name) => LAYERS.text(name, i)).join('\n').toLowerCase());
    this.root = el('div', { class: 'layers' }, this.controls(), this.grid());
    new ResizeObserver(() => this.draw()).observe(this.view);
    this.refresh();
  }

  controls() {
    this.search = el('input', { type: 'search', placeholder: H.search, 'aria-label': H.search, id: 'search',
      oninput: () => this.change({ words: this.search.value }) });
    const ops = [...new Set(Array.from({ length: LAYERS.count }, (_, i) => LAYERS.text('op', i)))].sort();
    this.op = el('select', { 'aria-label': H.op, id: 'op', onchange: () => this.change({ op: this.op.value }) },
      el('option', { value: '' }, H.all_ops), ops.map((op) => el('option', { value: op }, op)));
    this.shown = el('span', { class: 'shown', role: 'status' });
    this.reset = el('button', { type: 'button', class: 'quiet', onclick: () => this.clear() }, H.reset);
    return el('div', { class: 'controls' }, this.search, this.op,
      this.chips('verdict', VERDICTS, this.filter.verdicts, T.verdict),
      this.chips('role', ROLES.slice(0, 3), this.filter.roles, T.role), this.jumps(), this.shown, this.reset);
  }

  chips(column, values, chosen, words) {
    const counts = new Map();
    for (let i = 0; i < LAYERS.count; i += 1) {
      const value = LAYERS.text(column, i);
      counts.set(value, (counts.get(value) || 0) + 1);
    }
    return el('div', { class: 'chips', role: 'group', 'aria-label': H[column] }, values.map((value) =>
      el('button', { type: 'button', class: 'chip', 'aria-pressed': 'false', 'data-value': value,
        'data-verdict': column === 'verdict' ? value : null, disabled: !counts.get(value),
        onclick: (event) => {
          if (!chosen.delete(value)) chosen.add(value);
          event.currentTarget.setAttribute('aria-pressed', String(chosen.has(value)));
          this.refresh();
        } }, words[value], el('span', { class: 'count' }, (counts.get(value) || 0).toLocaleString('en-US')))));
  }

  jumps() {
    const failing = Array.from({ length: LAYERS.count }, (_, i) => i).filter((i) =>
      LAYERS.text('role', i) === 'injects' || level('own_input', GATE, i) === 'fail');
    return failing.length ? el('button', { type: 'button', id: 'first-own',
      onclick: () => emit('select', failing[0]) }, H.first_own) : null;
  }

  grid() {
    const groups = COLUMNS.map((column, at) => ({ column, at })).filter(({ column }) => column.group);
    const spans = ['cumulative', 'own_input'].map((group) => {
      const places = groups.filter(({ column }) => column.group === group).map(({ at }) => at);
      const span = el('span', { class: 'group', role: 'presentation' }, H[group]);
      span.style.gridColumn = `${places[0] + 1} / span ${places.length}`;
      return span;
    });
    this.heads = COLUMNS.map((column) => el('button', { type: 'button', role: 'columnheader', 'data-key': column.key,
      class: column.number ? 'num' : '', 'aria-sort': 'none',
      'aria-label': column.group ? `${H[column.group]}, ${column.title}` : column.title,
      onclick: () => this.sortBy(column.key) }, column.title));
    this.body = el('div', { class: 'body', role: 'rowgroup' });
    this.empty = el('p', { class: 'empty', hidden: true }, H.none_found);
    this.view = el('div', { class: 'grid', role: 'grid', tabindex: '0', 'aria-label': H.layers,
      'aria-rowcount': LAYERS.count + 1, 'aria-colcount': COLUMNS.length,
      onscroll: () => this.draw(), onkeydown: (event) => this.key(event) },
    el('div', { class: 'head' }, el('div', { class: 'row groups', role: 'presentation' }, spans),
      el('div', { class: 'row', role: 'row', 'aria-rowindex': '1' }, this.heads)), this.body, this.empty);
    return this.view;
  }

  change(part) {
    Object.assign(this.filter, part);
    this.refresh();
  }

  clear() {
    this.search.value = '';
    this.op.value = '';
    this.filter.verdicts.clear();
    this.filter.roles.clear();
    for (const chip of this.root.querySelectorAll('.chip')) chip.setAttribute('aria-pressed', 'false');
    this.change({ words: '', op: '', range: null });
    emit('range', null);
  }

  sortBy(key) {
    const column = COLUMNS.find((one) => one.key === key);
    const first = Boolean(column.number) && key !== 'index';
    this.sort = this.sort.key === key ? { key, down: !this.sort.down } : { key, down: first };
    this.refresh();
  }

  refresh() {
    const { words, verdicts, roles, op, range } = this.filter;
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    this.order = [];
    for (let i = 0; i < LAYERS.count; i += 1) {
      if (verdicts.size && !verdicts.has(LAYERS.text('verdict', i))) continue;
      if (roles.size && !roles.has(LAYERS.text('role', i))) continue;
      if (op && LAYERS.text('op', i) !== op) continue;
      if (range && (i < range[0] || i > range[1])) continue;
      if (wanted.every((word) => this.haystack[i].includes(word))) this.order.push(i);
    }
    this.arrange();
    const filtered = this.order.length !== LAYERS.count;
    this.shown.textContent = fill(H.shown, { shown: this.order.length.toLocaleString('en-US'),
      total: LAYERS.count.toLocaleString('en-US') });
    this.reset.hidden = !filtered;
    this.empty.hidden = this.order.length > 0;
    this.view.setAttribute('aria-rowcount', String(this.order.length + 1));
    this.body.style.height = `${this.order.length * ROW}px`;
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    this.draw();
  }

  arrange() {
    const column = COLUMNS.find((one) => one.key === this.sort.key);
    const of = column.value || ((i) => (column.text ? column.text(i) : LAYERS.text(column.key, i)));
    const values = new Map(this.order.map((i) => [i, of(i)]));
    const sign = this.sort.down ? -1 : 1;
    const missing = (value) => value === null || value === '';
    const collator = new Intl.Collator(undefined, { numeric: true });
    this.order.sort((a, b) => {
      const [x, y] = [values.get(a), values.get(b)];
      if (missing(x) || missing(y)) return missing(x) - missing(y) || a - b;
      const order = typeof x === 'number' ? (x < y ? -1 : x > y ? 1 : 0) : collator.compare(x, y);
      return sign * order || a - b;
    });
    for (const head of this.heads) {
      const mine = head.dataset.key === this.sort.key;
      head.setAttribute('aria-sort', mine ? (this.sort.down ? 'descending' : 'ascending') : 'none');
    }
  }

  draw() {
    const top = this.view.scrollTop;
    const from = Math.max(0, Math.floor(top / ROW) - MARGIN);
    const to = Math.min(this.order.length, Math.ceil((top + this.view.clientHeight) / ROW) + MARGIN);
    for (const [place, row] of this.rows) {
      if (place < from || place >= to) {
        row.remove();
        this.rows.delete(place);
      }
    }
    for (let place = from; place < to; place += 1) {
      if (!this.rows.has(place)) {
        const row = this.row(place);
        this.rows.set(place, row);
        this.body.append(row);
      }
    }
  }

  row(place) {
    const i = this.order[place];
    const row = el('div', { class: 'row', role: 'row', id: `row-${i}`, 'aria-rowindex': place + 2,
      'aria-selected': String(i === this.selected), 'data-verdict': LAYERS.text('verdict', i),
      onclick: () => emit('select', i) }, COLUMNS.map((column) => this.cell(column, i)));
    row.style.transform = `translateY(${place * ROW}px)`;
    return row;
  }

  cell(column, i) {
    if (column.key === 'verdict') return el('span', { role: 'gridcell' }, badge(LAYERS.text('verdict', i)));
    if (column.key === 'role') {
      const role = LAYERS.text('role', i);
      return el('span', { role: 'gridcell', class: 'role', 'data-role': role }, T.role[role]);
    }
    const text = column.text ? column.text(i) : column.key === 'index' ? String(LAYERS.raw('index', i))
      : LAYERS.text(column.key, i);
    return el('span', { role: 'gridcell', title: column.number ? null : text,
      class: `${column.number ? 'num' : ''} ${column.mono ? 'mono tail' : ''}`.trim() || null,
      'data-level': column.level ? column.level(i) || null : null },
    column.mono ? el('bdi', null, text) : text);
  }

  select(i, scroll) {
    this.selected = i;
    for (const row of this.rows.values()) row.setAttribute('aria-selected', String(row.id === `row-${i}`));
    this.view.setAttribute('aria-activedescendant', `row-${i}`);
    if (!scroll || i < 0) return;
    if (!this.order.includes(i)) this.clear();
    const place = this.order.indexOf(i);
    const room = this.view.clientHeight - this.view.firstElementChild.offsetHeight;
    const top = place * ROW;
    if (top < this.view.scrollTop || top + ROW > this.view.scrollTop + room) {
      this.view.scrollTop = Math.max(0, top - room / 2);
    }
    this.draw();
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.view.clientHeight / ROW) - 3);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in moves) || !this.order.length || event.target !== this.view) return;
    event.preventDefault();
    const at = this.order.indexOf(this.selected);
    const next = at < 0 ? 0 : Math.min(this.order.length - 1, Math.max(0, at + moves[event.key]));
    emit('select', this.order[next]);
  }

  // The next (1) or previous (-1) layer that is not right, in the order shown.
  failure(step) {
    let at = this.order.indexOf(this.selected);
    for (at += step; at >= 0 && at < this.order.length; at += step) {
      if (LAYERS.text('verdict', this.order[at]) === 'fail') return this.order[at];
    }
    return -1;
  }
}
