// What of a page must hold wherever its numbers, its words and its window come from: measured in the page by one script.
'use strict'

/**
 * Runs in the page. All faults of its layout: wider than the window, tiles and their links, targets that are too small with
 * a neighbour too near (WCAG 2.2, 2.5.8), labels of charts that meet.
 */
function faults() {
  const found = new Set(), room = innerWidth
  const brief = e => (e.textContent.trim().replace(/\s+/g, ' ') || e.outerHTML).slice(0, 60)
  const box = e => e.getBoundingClientRect()
  const seen = e => e.checkVisibility({visibilityProperty: true}) && box(e).width > 0
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
  const pairs = (list, tell) => list.forEach((a, at) => list.slice(at + 1).forEach(b => meet(box(a), box(b)) && found.add(tell(a, b))))
  if (document.documentElement.scrollWidth > room) found.add(`the page is ${document.documentElement.scrollWidth} px wide`)

  const tiles = [...document.querySelectorAll('.totals > div')]
  for (const tile of tiles) {
    const edge = box(tile)
    for (const part of tile.querySelectorAll('*')) {
      const range = document.createRange()
      range.selectNodeContents(part)
      for (const it of [box(part), range.getBoundingClientRect()]) {
        if (it.left < edge.left - 1 || it.right > edge.right + 1 || it.bottom > edge.bottom + 1) found.add(`beyond its tile: ${brief(part)}`)
      }
    }
    for (const link of tile.querySelectorAll('a')) {
      const {width, height} = box(link)
      if (width < 24 || height < 24) found.add(`a link of a tile is ${Math.round(width)} x ${Math.round(height)} px: ${brief(link)}`)
    }
    if (edge.right > room + 1) found.add(`a tile beyond the window: ${brief(tile)}`)
  }
  pairs(tiles, (a, b) => `tiles overlap: ${brief(a)} | ${brief(b)}`)

  // Links within a sentence are as high as its lines.
  const isInText = e => e.matches('a') && !!e.closest('p, dd, li, pre, .range') && !e.matches('.button')
  const targets = [...document.querySelectorAll('a[href], button, summary, input:not([type=hidden]), select, textarea')]
    .filter(e => seen(e) && !e.closest('.unseen, .skip, svg')).map(e => ({e, at: box(e), lines: [...e.getClientRects()]}))
  const isSmall = ({at}) => at.width < 23.99 || at.height < 23.99
  for (const {e, at} of targets.filter(target => isSmall(target) && !isInText(target.e))) {
    const [x, y] = [at.left + at.width / 2, at.top + at.height / 2]
    const near = ({e: other, at: its, lines}) => {
      if (other == e || other.contains(e) || e.contains(other)) return false
      const away = r => Math.hypot(Math.max(r.left - x, 0, x - r.right), Math.max(r.top - y, 0, y - r.bottom)) < 11.99
      if (isSmall({at: its})) return Math.hypot(its.left + its.width / 2 - x, its.top + its.height / 2 - y) < 23.99 || lines.some(away)
      return lines.some(away)
    }
    const neighbour = targets.find(near)
    if (neighbour) found.add(`${Math.round(at.width)} x ${Math.round(at.height)} px beside ${brief(neighbour.e)}: ${brief(e)}`)
  }

  for (const plot of document.querySelectorAll('.plot')) {
    const labels = [...plot.querySelectorAll('.bars > text')].filter(seen)
    pairs(labels, (a, b) => `labels of the chart meet: ${brief(a)} | ${brief(b)}`)
    const lines = [...plot.querySelectorAll('.scale text')].filter(seen)
    pairs(lines, (a, b) => `numbers of the chart meet: ${brief(a)} | ${brief(b)}`)
    for (const text of [...labels, ...lines]) {
      if (box(text).left < -1 || box(text).right > room + 1) found.add(`beyond the window: ${brief(text)}`)
    }
  }
  return [...found]
}

/** Runs in the page. Puts texts of the greatest length that there are into its tiles; `turn` says which goes where. */
function fill(turn) {
  const big = ['—', '1.234,5 Mio.', '999.999', '100 %', 'between 5 and 9', 'zwischen 5 und 9', 'entre 5 et 9', '12 h 34 min 56 s',
    '123 Std. 45 Min.', '1 234 567 890', '12.345.678,90 €', '1.234.567,89 CHF, 9.876.543,21 EUR', 'n. v.', '0']
  const change = ['−100 %', '+1.234.567 %', '▲ 12.345 %', 'nicht gemessen', 'keine Besucher in der Zeit davor', '±0 %']
  const name = ['Visits', 'Seitenaufrufe pro Besuch', 'Durchschnittliche Besuchsdauer', 'Sitzungsdauerdurchschnittswert', 'Pages vues par visite']
  const put = (css, list) => document.querySelectorAll(css).forEach((e, at) => { e.textContent = list[(at + turn) % list.length] })
  put('.totals .big', big)
  put('.totals .change', change)
  put('.totals dt a', name)
  return Math.max(big.length, change.length, name.length)
}

module.exports = {faults: `return (${faults})()`, fill: `return (${fill})(arguments[0])`}
