// Error over depth: own-input and cumulative error of every layer on a logarithmic scale.
const PAD = { left: 58, right: 16, top: 18, bottom: 30 };
const HEIGHT = 300;
const SERIES = ['cumulative', 'own_input'];

class Curve {
  constructor() {
    this.metric = GATE;
    this.range = [0, Math.max(1, LAYERS.count - 1)];
    this.cursor = -1;
    this.selected = -1;
    this.drag = null;
    this.svg = svg('svg', { class: 'curve', tabindex: '0', role: 'group', 'aria-label': `${H.curve}. ${H.curve_hint}`,
      height: HEIGHT, onpointermove: (event) => this.move(event), onpointerleave: () => this.point(-1),
      onpointerdown: (event) => this.press(event), onpointerup: (event) => this.release(event),
      ondblclick: () => this.zoom(null), onkeydown: (event) => this.key(event) });
    this.said = el('p', { class: 'cursor', 'aria-live': 'polite' });
    const choice = el('select', { 'aria-label': H.metric_choice, id: 'curve-metric',
      onchange: () => { this.metric = choice.value; this.draw(); } },
    [GATE, ...['rel_l2', 'max_abs', 'max_abs_over_p999', 'one_minus_cosine', 'rmse'].filter((m) => m !== GATE)]
      .map((metric) => el('option', { value: metric }, T.metric[metric])));
    this.root = el('div', { class: 'curve-box' }, el('div', { class: 'legend' },
      SERIES.map((name) => el('span', { class: 'key', 'data-series': name }, H[name])),
      el('span', { class: 'key', 'data-series': 'nonfinite' }, H.nonfinite),
      el('span', { class: 'key', 'data-series': 'exact' }, H.exact), choice), this.svg, this.said);
    new ResizeObserver(() => this.draw()).observe(this.root);
  }

  value(group, i) {
    return LAYERS.metric(group, this.metric, i);
  }

  scales() {
    const width = Math.max(320, this.root.clientWidth);
    let low = Infinity;
    let high = -Infinity;
    for (const group of SERIES) {
      for (let i = this.range[0]; i <= Math.min(this.range[1], LAYERS.count - 1); i += 1) {
        const value = this.value(group, i);
        if (value !== null && value > 0) {
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
    }
    const limits = DATA.limits[this.metric];
    if (limits) {
      low = Math.min(low, limits.own_input[0] / 3);
      high = Math.max(high, limits.cumulative[1] * 3);
    }
    if (low === Infinity) [low, high] = [1e-8, 1];
    const bottom = Math.floor(Math.log10(low) - 0.3);
    const top = Math.max(bottom + 1, Math.ceil(Math.log10(high) + 0.2));
    const plot = { width, right: width - PAD.right, base: HEIGHT - PAD.bottom };
    const x = (i) => PAD.left + ((i - this.range[0]) / (this.range[1] - this.range[0])) * (plot.right - PAD.left);
    const y = (value) => (value > 0
      ? PAD.top + ((top - Math.log10(value)) / (top - bottom)) * (plot.base - PAD.top) : plot.base);
    return { ...plot, x, y: (value) => Math.min(plot.base, Math.max(PAD.top, y(value))), bottom, top };
  }

  draw() {
    if (!LAYERS.count) return;
    const s = this.scales();
    this.s = s;
    this.svg.setAttribute('width', s.width);
    this.svg.setAttribute('viewBox', `0 0 ${s.width} ${HEIGHT}`);
    this.overlay = svg('g', { class: 'overlay' });
    this.svg.replaceChildren(...this.limits(s), ...this.axes(s), ...SERIES.map((group) => this.line(group, s)),
      ...this.marks(s), this.overlay);
    this.hover();
  }

  limits(s) {
    const limits = DATA.limits[this.metric];
    if (!limits) return [];
    const [good, bad] = limits.cumulative;
    const band = (name, from, to) => svg('rect', { class: `band ${name}`, x: PAD.left, width: s.right - PAD.left,
      y: from, height: Math.max(0, to - from) });
    const line = (group, value, place) => [
      svg('line', { class: 'limit', 'data-series': group, x1: PAD.left, x2: s.right, y1: s.y(value), y2: s.y(value) }),
      svg('text', { class: 'limit-name', 'data-series': group, x: s.right - 4, y: s.y(value) + place,
        'text-anchor': 'end' }, `${H.limit_fail}, ${H[group]}: ${sci(value)}`)];
    return [band('fail', PAD.top, s.y(bad)), band('watch', s.y(bad), s.y(good)),
      ...line('cumulative', bad, -4), ...line('own_input', limits.own_input[1], 12)];
  }

  axes(s) {
    const nodes = [];
    const step = Math.ceil((s.top - s.bottom) / 9);
    for (let power = s.top; power >= s.bottom; power -= step) {
      const y = s.y(10 ** power);
      nodes.push(svg('line', { class: 'grid-line', x1: PAD.left, x2: s.right, y1: y, y2: y }),
        svg('text', { class: 'tick', x: PAD.left - 8, y: y + 4, 'text-anchor': 'end' }, `1e${power}`));
    }
    const [from, to] = this.range;
    const wanted = Math.max(2, Math.floor(s.width / 110));
    const raw = (to - from) / wanted;
    const unit = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
    const jump = [1, 2, 5, 10].map((k) => k * unit).find((size) => size >= raw) || unit;
    for (let i = Math.ceil(from / jump) * jump; i <= Math.min(to, LAYERS.count - 1); i += jump) {
      nodes.push(svg('line', { class: 'tick-mark', x1: s.x(i), x2: s.x(i), y1: s.base, y2: s.base + 4 }),
        svg('text', { class: 'tick', x: s.x(i), y: s.base + 18, 'text-anchor': 'middle' },
          LAYERS.raw('index', i).toLocaleString('en-US')));
    }
    return nodes;
  }

  line(group, s) {
    // Exact layers (error 0) have no place on a logarithmic scale: ticks below the axis, and the line pauses.
    const run = { path: '', alone: '', exact: '', length: 0, last: '' };
    const lift = () => {
      if (run.length === 1) run.alone += `${run.last}h0.01`;
      run.length = 0;
    };
    for (let i = this.range[0]; i <= Math.min(this.range[1], LAYERS.count - 1); i += 1) {
      const value = this.value(group, i);
      if (value === null) continue;
      if (value === 0) {
        lift();
        run.exact += `M${s.x(i).toFixed(1)} ${s.base - (group === 'own_input' ? 0 : 5)}v-4`;
        continue;
      }
      const at = `${s.x(i).toFixed(1)} ${s.y(value).toFixed(1)}`;
      run.path += `${run.length ? 'L' : 'M'}${at}`;
      run.last = `M${at}`;
      run.length += 1;
    }
    lift();
    return svg('g', { 'data-series': group }, svg('path', { class: 'exact', d: run.exact }),
      svg('path', { class: 'line', d: run.path }), svg('path', { class: 'alone', d: run.alone }));
  }

  marks(s) {
    const nodes = [];
    for (let i = this.range[0]; i <= Math.min(this.range[1], LAYERS.count - 1); i += 1) {
      const broken = SERIES.some((group) => LAYERS.metric(group, 'nonfinite', i));
      if (broken) {
        const [x, y] = [s.x(i), PAD.top - 4];
        nodes.push(svg('path', { class: 'nonfinite', d: `M${x - 5} ${y - 8}h10l-5 9z` }));
      }
      const own = this.value('own_input', i);
      if (LAYERS.text('role', i) === 'injects' && own !== null) {
        nodes.push(svg('circle', { class: 'injects', cx: s.x(i), cy: s.y(own), r: 5 }));
      }
    }
    return nodes;
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    const share = (event.clientX - box.left - PAD.left) / (this.s.right - PAD.left);
    const i = Math.round(this.range[0] + share * (this.range[1] - this.range[0]));
    return Math.min(LAYERS.count - 1, this.range[1], Math.max(this.range[0], i));
  }

  move(event) {
    this.point(this.at(event));
  }

  press(event) {
    if (event.button !== 0) return;
    this.drag = this.at(event);
    this.svg.setPointerCapture(event.pointerId);
  }

  release(event) {
    if (this.drag === null) return;
    const [from, to] = [this.drag, this.at(event)].sort((a, b) => a - b);
    this.drag = null;
    if (to - from < Math.max(2, (this.range[1] - this.range[0]) / 100)) emit('select', to);
    else this.zoom([from, to]);
  }

  zoom(range) {
    emit('range', range);
  }

  show(range) {
    this.range = range || [0, Math.max(1, LAYERS.count - 1)];
    this.draw();
  }

  point(i) {
    this.cursor = i;
    this.hover();
  }

  select(i) {
    this.selected = i;
    if (i >= 0 && (i < this.range[0] || i > this.range[1])) this.zoom(null);
    else this.hover();
  }

  hover() {
    if (!this.overlay) return;
    const nodes = [];
    const rule = (i, name) => svg('line', { class: name, x1: this.s.x(i), x2: this.s.x(i), y1: PAD.top,
      y2: this.s.base });
    if (this.selected >= 0) nodes.push(rule(this.selected, 'chosen'));
    const i = this.cursor >= 0 ? this.cursor : this.selected;
    if (this.drag !== null && i >= 0) {
      const [from, to] = [this.drag, i].sort((a, b) => a - b);
      nodes.push(svg('rect', { class: 'brush', x: this.s.x(from), width: this.s.x(to) - this.s.x(from), y: PAD.top,
        height: this.s.base - PAD.top }));
    }
    if (i >= 0) {
      nodes.push(rule(i, 'pointer'));
      for (const group of SERIES) {
        const value = this.value(group, i);
        if (value !== null) nodes.push(svg('circle', { class: 'dot', 'data-series': group, r: 3.5, cx: this.s.x(i),
          cy: this.s.y(value) }));
      }
    }
    this.overlay.replaceChildren(...nodes);
    this.said.textContent = i < 0 ? H.curve_hint : fill(H.cursor, { index: LAYERS.raw('index', i),
      node: LAYERS.text('node', i), cumulative: errorCell('cumulative', i), own: errorCell('own_input', i) });
  }

  key(event) {
    const step = event.shiftKey ? 10 : 1;
    const moves = { ArrowRight: step, ArrowLeft: -step, Home: -Infinity, End: Infinity };
    if (event.key in moves) {
      event.preventDefault();
      const from = this.cursor < 0 ? Math.max(this.range[0], this.selected) : this.cursor;
      this.point(Math.min(LAYERS.count - 1, this.range[1], Math.max(this.range[0], from + moves[event.key])));
    } else if (event.key === 'Enter' && this.cursor >= 0) {
      event.preventDefault();
      emit('select', this.cursor);
    } else if (event.key === 'Escape') {
      this.zoom(null);
    }
  }
}
