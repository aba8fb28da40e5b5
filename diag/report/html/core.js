// Data, words, numbers and elements. Text from models only ever becomes text nodes.
const DATA = JSON.parse(document.getElementById('data').textContent);
const T = DATA.labels;
const H = T.html;
const VERDICTS = ['fail', 'watch', 'not_comparable', 'pass'];
const ROLES = ['injects', 'amplifies', 'inherits', 'not_comparable', 'clean'];
const GATE = DATA.gate;

function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

function el(tag, attributes, ...children) {
  return build(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return build(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) node.append(child);
  }
  return node;
}

// Layers come as columns; a column of one value comes as that value, text as its place in the table of strings.
class Layers {
  constructor({ count, columns, strings }) {
    this.count = count;
    this.columns = columns;
    this.strings = strings;
  }

  raw(name, i) {
    const column = this.columns[name];
    return Array.isArray(column) ? column[i] : column;
  }

  text(name, i) {
    const at = this.raw(name, i);
    return at < 0 ? '' : this.strings[at];
  }

  dtype(i) {
    const known = this.text('dtype', i);
    return known === 'undefined' ? '' : known;
  }

  metric(group, name, i) {
    const columns = this.columns[group];
    if (!columns) return null;
    const column = columns[name];
    return Array.isArray(column) ? column[i] : column;
  }

  has(group, i) {
    return this.metric(group, 'size', i) !== null;
  }

  worst(group, i) {
    const at = this.metric(group, 'worst_index', i);
    return at === null || at < 0 ? '' : this.strings[at];
  }

  nodes(i) {
    return this.columns.golden_nodes[i].map((at) => this.strings[at]);
  }
}

const LAYERS = new Layers(DATA.layers);

// The number that decides for layer i: unequal share of integers, else the gate, else relative L2.
function gateOf(group, i) {
  const unequal = LAYERS.metric(group, 'mismatch', i);
  if (unequal !== null) return unequal;
  const value = LAYERS.metric(group, GATE, i);
  return value === null ? LAYERS.metric(group, 'rel_l2', i) : value;
}

function sci(value) {
  if (value === null || value === undefined) return '–';
  return value === 0 ? '0' : exponential(value, 1);
}

function exponential(value, digits) {
  return value.toExponential(digits).replace(/e([+-])(\d)$/, (_, sign, digit) => `e${sign}0${digit}`);
}

function plain(value) {
  if (value === null || value === undefined) return '–';
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? exponential(value, 3) : String(Number(value.toPrecision(5)));
}

function errorCell(group, i) {
  const broken = LAYERS.metric(group, 'nonfinite', i);
  return broken ? `NaN ×${broken.toLocaleString('en-US')}` : sci(gateOf(group, i));
}

// 'fail' | 'watch' | '' for a number of layer i against the limits of the preset. The limits are made for the type that
// the target computes in: a float32 layer of a float16 model is not held against them.
function level(group, metric, i) {
  if (LAYERS.metric(group, 'nonfinite', i)) return 'fail';
  const kind = ['float16', 'bfloat16'].includes(LAYERS.text('dtype', i)) ? 'half' : 'wide';
  const limits = ['any', kind].includes(DATA.limits_for) ? DATA.limits[metric] : null;
  const value = LAYERS.metric(group, metric, i);
  if (!limits || value === null) return '';
  const [good, bad] = limits[group];
  return value > bad ? 'fail' : value > good ? 'watch' : '';
}

function badge(verdict) {
  return el('span', { class: 'badge', 'data-verdict': verdict },
    el('span', { class: 'mark', 'aria-hidden': 'true' }), T.verdict[verdict]);
}

function section(id, title, ...children) {
  return el('section', { id, 'aria-labelledby': `${id}-title` }, el('h2', { id: `${id}-title` }, title), ...children);
}

function table(head, rows, className) {
  return el('div', { class: 'scroll' }, el('table', { class: className || '' },
    el('thead', null, el('tr', null, head.map((cell, k) => el('th', { scope: 'col',
      class: rows[0] && rows[0][k] instanceof Node && rows[0][k].classList.contains('num') ? 'num' : null }, cell)))),
    el('tbody', null, rows.map((cells) => el('tr', null, cells.map((cell) =>
      cell instanceof Node && cell.tagName === 'TD' ? cell : el('td', null, cell)))))));
}

function num(text, state) {
  return el('td', { class: 'num', 'data-level': state || null }, text);
}

function mono(text) {
  return el('span', { class: 'mono' }, text);
}

function emit(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}
