// Puts the page together; selecting a layer anywhere selects it everywhere.
function start() {
  document.getElementById('facts').append(facts());
  const layers = new LayerTable();
  const curve = new Curve();
  const details = new Details();
  const split = el('div', { class: 'split' }, layers.root, details.root);
  const parts = [outputs(), culprits(),
    LAYERS.count ? section('curve', H.curve, curve.root) : null,
    section('layers', H.layers, split), histograms(), findings(), unmatched(), inputs(), surroundings(), reproduce()];
  document.getElementById('main').append(...parts.filter(Boolean));
  document.getElementById('nav').append(...[...document.querySelectorAll('main section')].map((part) =>
    el('a', { href: `#${part.id}` }, part.querySelector('h2').textContent)));

  document.addEventListener('select', ({ detail: i }) => {
    details.show(i);
    split.classList.toggle('open', i >= 0);
    curve.select(i);
    layers.select(i, true);
    if (i >= 0 && !layers.root.contains(document.activeElement)) bring(split);
  });
  document.addEventListener('range', ({ detail: range }) => {
    curve.show(range);
    const same = String(layers.filter.range) === String(range);
    if (!same) layers.change({ range });
  });
  document.addEventListener('keydown', (event) => keys(event, layers));
  addEventListener('beforeprint', () => beforePrint(layers));
  addEventListener('afterprint', () => document.getElementById('printed')?.remove());
}

function bring(node) {
  const box = node.getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight) node.scrollIntoView({ block: 'nearest' });
}

function keys(event, layers) {
  if (event.target.closest('input, select, textarea') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'n' || event.key === 'p') {
    const next = layers.failure(event.key === 'n' ? 1 : -1);
    if (next >= 0) emit('select', next);
  } else if (event.key === '/') {
    event.preventDefault();
    layers.search.focus();
  } else if (event.key === 'Escape') {
    emit('select', -1);
  }
}

// Paper has no scroll bars: the worst layers as a plain table, and everything folded opened.
function beforePrint(layers) {
  const rank = (i) => [ROLES.indexOf(LAYERS.text('role', i)), VERDICTS.indexOf(LAYERS.text('verdict', i))];
  const worst = [...layers.order].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || a - b;
  }).slice(0, LIST);
  const printed = el('div', { id: 'printed' }, el('p', null, fill(H.print_note, {
    shown: worst.length.toLocaleString('en-US'), total: LAYERS.count.toLocaleString('en-US') })),
  table([H.index, H.verdict, H.layer, H.op, H.cumulative, H.own_input, H.role], worst.map((i) => [
    num(String(LAYERS.raw('index', i))), badge(LAYERS.text('verdict', i)), mono(LAYERS.text('node', i)),
    LAYERS.text('op', i), num(errorCell('cumulative', i)), num(errorCell('own_input', i)),
    T.role[LAYERS.text('role', i)]])));
  document.getElementById('layers').append(printed);
  for (const folded of document.querySelectorAll('details')) folded.open = true;
}

start();
