/** What all plots look like: a card of its own, so that it is legible on any page, in light and in dark. */

export const width = 760
export const margin = 24

/** Colours that are told apart on white and on near-black, and by the colour-blind (Okabe and Ito). */
export const colours = {
  ours: '#0072b2',
  bare: '#8a8f98',
  net: '#e69f00',
  nets: '#d55e00',
  neper: '#cc79a7'
} as const

export type Colour = keyof typeof colours

const style = `
  .card { fill: #ffffff; stroke: #d0d7de; }
  text { font: 13px -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', Helvetica, Arial, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .group { font-weight: 600; }
  .quiet { font-size: 11px; fill: #59636e; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .spread { stroke: #1f2328; stroke-width: 1.5; }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #30363d; }
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .grid { stroke: #30363d; }
    .spread { stroke: #e6edf3; }
  }`

/** A whole picture: a title, `body` drawn below it, `footer` in small letters beneath. */
export function picture(
  title: string,
  height: number,
  body: readonly string[],
  footer: readonly string[]
): string {
  const below = height + 22
  const total = below + footer.length * 16 + 8
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="${width}" height="${total}" role="img" aria-label="${escaped(title)}">`,
    `<style>${style}\n</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${total - 1}" rx="8"/>`,
    label(margin, 34, title, 'title'),
    ...body,
    ...footer.map((line, i) => label(margin, below + i * 16, line, 'quiet')),
    '</svg>',
    ''
  ].join('\n')
}

export function label(x: number, y: number, text: string, kind = ''): string {
  return `<text x="${at(x)}" y="${at(y)}"${kind === '' ? '' : ` class="${kind}"`}>${escaped(text)}</text>`
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" class="${kind}"/>`
}

/** A coordinate, to a tenth of a pixel. */
export function at(value: number): string {
  return String(Number(value.toFixed(1)))
}

/** 25,230 as 25.2k, 1,000,000 as 1M. */
export function short(value: number): string {
  const [divisor, unit] = value >= 1e6 ? [1e6, 'M'] : value >= 1000 ? [1000, 'k'] : [1, '']
  return `${Number((value / divisor).toPrecision(3))}${unit}`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
