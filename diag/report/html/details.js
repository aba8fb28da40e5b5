// Everything about one layer.
const SHOWN = ['rel_l2', 'nr', 'max_abs', 'max_abs_over_p999', 'rmse', 'max_rel', 'mean_rel', 'cosine',
  'one_minus_cosine', 'pearson', 'kl', 'mismatch', 'nonfinite', 'extreme', 'size'];
const ERRORS = new Set(['rel_l2', 'max_abs', 'max_abs_over_p999', 'rmse', 'max_rel', 'mean_rel', 'one_minus_cosine',
  'kl']);
const STATS = ['min', 'max', 'mean', 'std', 'l2', 'nan', 'pos_inf', 'neg_inf', 'zero'];

class Details {
  constructor() {
    this.root = el('aside', { class: 'details', id: 'details', 'aria-label': H.details, 'aria-live': 'polite',
      hidden: true });
  }

  show(i) {
    this.root.hidden = i < 0;
    if (i < 0) {
      this.root.replaceChildren();
      return;
    }
    const groups = ['cumulative', 'own_input', 'reference'].filter((group) => LAYERS.has(group, i));
    this.root.replaceChildren(this.head(i), this.facts(i), ...(groups.length
      ? [this.metrics(i, groups), this.stats(i, groups)]
      : []));
    this.root.scrollTop = 0;
  }

  head(i) {
    return el('div', { class: 'details-head' },
      el('div', null, badge(LAYERS.text('verdict', i)), ' ',
        el('span', { class: 'role', 'data-role': LAYERS.text('role', i) }, T.role[LAYERS.text('role', i)])),
      el('button', { type: 'button', class: 'quiet close', 'aria-label': H.close, onclick: () => emit('select', -1) },
        '✕'),
      el('h3', { class: 'mono' }, LAYERS.text('node', i)),
      LAYERS.text('reason', i) ? el('p', null, LAYERS.text('reason', i)) : null);
  }

  facts(i) {
    const pair = (op, node, tensor) => [mono(node || '–'), op ? ` (${op})` : '',
      tensor && tensor !== node ? el('div', { class: 'mono faint' }, tensor) : null];
    const nodes = LAYERS.nodes(i);
    const worst = LAYERS.worst('own_input', i) || LAYERS.worst('cumulative', i);
    const sure = LAYERS.raw('confidence', i);
    return definitions([
      [H.index, `${LAYERS.raw('index', i)}`],
      [H.golden, pair(LAYERS.text('op', i), LAYERS.text('node', i), LAYERS.text('tensor', i))],
      [H.target, pair(LAYERS.text('target_op', i), LAYERS.text('target_node', i), LAYERS.text('target_tensor', i))],
      [H.mapping, `${T.mapping[LAYERS.text('mapping', i)]}, ${H.confidence} ${Math.round(sure * 100)} %`],
      nodes.length ? [H.fused_nodes, nodes.map((node) => el('div', { class: 'mono' }, node))] : null,
      LAYERS.text('layout', i) ? [H.layout, mono(LAYERS.text('layout', i))] : null,
      [H.shape, [mono(LAYERS.text('shape', i) || '–'), ` ${LAYERS.dtype(i)}`]],
      worst ? [H.worst_at, mono(worst)] : null,
    ]);
  }

  metrics(i, groups) {
    const rows = SHOWN.filter((name) => groups.some((group) => LAYERS.metric(group, name, i) !== null
      && !(name === 'extreme' && LAYERS.metric(group, name, i) === 0)));
    return table([H.metric, ...groups.map((group) => H[group])], rows.map((name) => [T.metric[name] || name,
      ...groups.map((group) => {
        const value = LAYERS.metric(group, name, i);
        return num(ERRORS.has(name) ? sci(value) : plain(value), group === 'reference' ? '' : level(group, name, i)
          && DATA.limits[name] ? level(group, name, i) : '');
      })]), 'compact');
  }

  stats(i, groups) {
    const sides = [[H.golden, groups[0], 'golden'], ...groups.map((group) =>
      [`${H.target}, ${H[group]}`, group, 'target'])];
    return table([H.statistics, ...sides.map(([title]) => title)], STATS.map((name) => [T.stats[name],
      ...sides.map(([, group, side]) => num(plain(LAYERS.metric(group, `${side}.${name}`, i))))]), 'compact');
  }
}

function definitions(pairs) {
  return el('dl', null, pairs.filter(Boolean).flatMap(([term, value]) => [el('dt', null, term), el('dd', null, value)]));
}
