// Everything beside the table and the curve.
const LIST = 200;

function facts() {
  const side = (title, run) => el('div', { class: 'side' }, el('span', { class: 'faint' }, title), ' ',
    mono(run.path), ' ', el('span', { class: 'faint' },
      [run.format, `${run.runtime} ${run.runtime_version}`.trim(), run.device, run.dtype].filter(Boolean).join(' · ')));
  return el('div', { class: 'facts' }, side(H.golden, DATA.golden), side(H.target, DATA.target));
}

function outputs() {
  return section('outputs', H.answer, table(
    [H.verdict, H.output, T.metric[GATE], T.metric.max_abs, T.metric.one_minus_cosine, H.reason],
    DATA.outputs.map((output) => {
      const metrics = output.cumulative || {};
      const value = metrics.mismatch ?? metrics[GATE] ?? metrics.rel_l2 ?? null;
      return [badge(output.verdict), mono(output.golden_tensor),
        num(metrics.nonfinite ? `NaN ×${metrics.nonfinite.toLocaleString('en-US')}` : sci(value)),
        num(sci(metrics.max_abs)), num(sci(metrics.one_minus_cosine)), output.reason];
    })));
}

function culprits() {
  const [first, ...others] = DATA.culprits;
  if (!first) return section('culprits', H.culprits, el('p', null, DATA.verdict === 'pass' ? H.healthy : H.nobody));
  return section('culprits', H.culprits, culprit(first), others.map((other) => el('details', { class: 'card' },
    el('summary', null, mono(other.golden_node), ' ', el('span', { class: 'faint' }, other.because)), culprit(other))));
}

function culprit(one) {
  const story = one.story;
  return el('article', { class: 'card culprit' },
    el('div', { class: 'culprit-head' }, el('h3', { class: 'mono' }, one.golden_node),
      one.layer === null ? null : el('button', { type: 'button', onclick: () => emit('select', one.layer) },
        H.open_layer)),
    el('p', { class: 'numbers' }, el('strong', null, `${H.own_input} ${sci(ownError(one))}`), ` · ${one.score} ${H.score}`,
      ` · ${T.stage[one.stage]}`),
    el('div', { class: 'columns' },
      el('div', null, el('h4', null, H.why), one.differences.length ? differences(one.differences)
        : el('p', null, one.why || H.nothing), story ? el('p', null, story.explanation) : null),
      story ? el('div', { class: 'advice' }, el('h4', null, H.todo), el('ol', null, story.advice.map((step) =>
        el('li', null, step)))) : null));
}

function ownError(one) {
  const metrics = one.own_input || {};
  return metrics.mismatch ?? metrics[GATE] ?? metrics.rel_l2 ?? null;
}

function differences(list) {
  return table([H.difference, `${H.golden} (${DATA.golden.format})`, `${H.target} (${DATA.target.format})`, ''],
    list.map((one) => [one.name, el('td', { class: 'mono golden' }, one.golden || '–'),
      el('td', { class: 'mono target' }, one.target || '–'),
      [one.explains ? el('span', { class: 'tag' }, H.explains) : null, one.detail ? ` ${one.detail}` : null]]),
    'differences');
}

function findings() {
  return section('findings', H.findings, DATA.findings.map((found) => el('details', { class: 'card finding' },
    el('summary', null, el('span', { class: 'badge', 'data-verdict': found.severity },
      el('span', { class: 'mark', 'aria-hidden': 'true' }), T.severity[found.severity]), ' ',
    el('span', { class: 'code' }, found.code), ' ', found.title),
    el('p', null, found.explanation), el('ul', null, found.advice.map((step) => el('li', null, step))),
    found.evidence.length ? el('p', { class: 'faint' }, `${H.evidence}: `, mono(found.evidence.map((place) =>
      (place.line ? `${place.file}:${place.line}` : place.file)).join(', '))) : null)));
}

function histograms() {
  if (!DATA.histograms.length) return null;
  const place = new Map();
  for (let i = LAYERS.count - 1; i >= 0; i -= 1) place.set(LAYERS.text('tensor', i), i);
  return section('histograms', H.histograms, el('p', { class: 'faint' }, H.histograms_hint),
    el('div', { class: 'tiles' }, DATA.histograms.map((one) => el('figure', { class: 'card' }, histogram(one),
      el('figcaption', null, mono(one.tensor), place.has(one.tensor) ? el('button', { type: 'button', class: 'quiet',
        onclick: () => emit('select', place.get(one.tensor)) }, H.open_layer) : null)))));
}

function histogram({ edges, golden, target }) {
  const [width, height, base] = [380, 130, 110];
  const sum = (counts) => counts.reduce((all, count) => all + count, 0) || 1;
  const shares = { golden: golden.map((c) => c / sum(golden)), target: target.map((c) => c / sum(target)) };
  const high = Math.max(...shares.golden, ...shares.target) || 1;
  const [from, to] = [edges[0], edges[edges.length - 1]];
  const x = (value) => 4 + ((value - from) / (to - from || 1)) * (width - 8);
  const outline = (counts, name) => svg('path', { class: 'bars', 'data-side': name,
    d: `M${x(edges[0]).toFixed(1)} ${base}${counts.map((share, k) => {
      const y = (base - (share / high) * (base - 6)).toFixed(1);
      return `V${y}H${x(edges[k + 1]).toFixed(1)}`;
    }).join('')}V${base}Z` });
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'histogram', role: 'img',
    'aria-label': `${H.golden} ${plain(from)} … ${plain(to)}` },
  outline(shares.golden, 'golden'), outline(shares.target, 'target'),
  svg('text', { class: 'tick', x: 4, y: height - 4 }, plain(from)),
  svg('text', { class: 'tick', x: width - 4, y: height - 4, 'text-anchor': 'end' }, plain(to)));
}

function unmatched() {
  const all = [...DATA.unmatched_golden.map((one) => [H.golden, one]),
    ...DATA.unmatched_target.map((one) => [H.target, one])];
  if (!all.length) return null;
  const box = el('div');
  const show = (count) => box.replaceChildren(table([H.side, H.tensor, H.op, H.reason],
    all.slice(0, count).map(([side, one]) => [side, [mono(one.tensor), one.node !== one.tensor
      ? el('div', { class: 'mono faint' }, one.node) : null], one.op, one.reason])),
  ...(all.length > count ? [el('button', { type: 'button', onclick: () => show(all.length) },
    fill(H.show_all, { count: all.length.toLocaleString('en-US') }))] : []));
  show(LIST);
  return section('unmatched', H.unmatched, el('p', { class: 'faint' }, H.unmatched_hint), box);
}

function inputs() {
  return section('inputs', H.inputs, table([H.name, H.dtype, H.shape, H.source, H.file],
    DATA.inputs.map((one) => [mono(one.name), one.dtype, mono(one.shape.join('×') || 'scalar'), one.source,
      mono(one.file)])));
}

// Facts of unknown shape as nested definitions.
function tree(value) {
  if (value === null) return '–';
  if (Array.isArray(value)) {
    return value.every((item) => item === null || typeof item !== 'object')
      ? value.map((item) => tree(item)).join(', ') || '–' : value.map((item) => el('div', null, tree(item)));
  }
  if (typeof value === 'object') return definitions(Object.entries(value).map(([key, item]) => [key, tree(item)]));
  return typeof value === 'number' ? plain(value) : String(value);
}

function surroundings() {
  const model = (run) => definitions(['path', 'format', 'runtime', 'device', 'dtype', 'sha256'].map((key) =>
    [H[key], key === 'runtime' ? `${run.runtime} ${run.runtime_version}`.trim()
      : ['path', 'sha256'].includes(key) ? mono(run[key] || '–') : run[key] || '–']));
  return el('div', { class: 'halves' },
    section('environment', H.environment, el('h4', null, H.golden), model(DATA.golden), el('h4', null, H.target),
      model(DATA.target), el('h4', null, H.environment), tree(DATA.environment)),
    section('checks', H.checks, Object.keys(DATA.checks).length ? tree(DATA.checks) : el('p', null, H.nothing),
      el('h4', null, H.options), tree({ [H.preset]: DATA.preset, ...DATA.options }),
      el('p', { class: 'faint' }, fill(H.measured, { seconds: DATA.seconds, memory: DATA.memory }))));
}

function reproduce() {
  const button = el('button', { type: 'button', onclick: async () => {
    try {
      await navigator.clipboard.writeText(DATA.command);
      button.textContent = H.copied;
    } catch {
      getSelection().selectAllChildren(code);
    }
  } }, H.copy);
  const code = el('code', null, DATA.command);
  return section('reproduce', H.reproduce, el('div', { class: 'command' }, el('pre', null, code), button),
    DATA.run ? el('p', { class: 'faint' }, mono(DATA.run)) : null);
}
