/** The curves of growth as one SVG: two plots side by side, both axes logarithmic, readable on light and dark. */
import type { Curve, Growth, Point } from "./growth.ts"
import { points } from "./growth.ts"

const WIDTH = 460
const HEIGHT = 340
const MARGIN = { left: 62, right: 32, top: 40, bottom: 52 }

const titles: Readonly<Record<Curve, readonly [title: string, axis: string]>> = {
  "getData by depth": ["getData of 100 bytes, canned server", "operations outstanding"],
  "event by watches": ["watch events, canned server", "nodes watched"]
}

/** Told apart by colour and by the shape of the line, for those who see no colours. */
const looks: Readonly<Record<string, readonly [light: string, dark: string, dashes: string]>> = {
  effect: ["#0b62c4", "#6cb0ff", ""],
  core: ["#0a7a52", "#4fd1a1", "2 3"],
  nzc: ["#b3401a", "#ff9b73", "8 4"],
  go: ["#7a3fb0", "#c9a0ff", "8 3 2 3"]
}

const decades = (from: number, to: number): ReadonlyArray<number> => {
  const first = Math.floor(Math.log10(from))
  const last = Math.ceil(Math.log10(to))
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, index) => 10 ** (first + index))
}

const plot = (curve: Curve, all: ReadonlyArray<Point>, left: number): string => {
  const own = all.filter((point) => point.curve === curve)
  const xs = decades(1, Math.max(10, ...own.map(({ size }) => size)))
  // One scale for both plots, so that they can be compared by eye.
  const ys = decades(Math.min(...all.map(({ least }) => least)), Math.max(...all.map(({ most }) => most)))
  const scale = (ticks: ReadonlyArray<number>, start: number, length: number) => (value: number) => {
    const [low, high] = [Math.log10(ticks[0]!), Math.log10(ticks.at(-1)!)]
    return (start + ((Math.log10(value) - low) / (high - low)) * length).toFixed(1)
  }
  const right = left + WIDTH - MARGIN.right
  const bottom = HEIGHT - MARGIN.bottom
  const x = scale(xs, left + MARGIN.left, WIDTH - MARGIN.left - MARGIN.right)
  const y = scale(ys, bottom, MARGIN.top - bottom)
  const [title, axis] = titles[curve]
  const middle = (left + MARGIN.left + right) / 2
  const grid = [
    ...xs.map(
      (tick) =>
        `<line class="grid" x1="${x(tick)}" y1="${MARGIN.top}" x2="${x(tick)}" y2="${bottom}"/>` +
        `<text text-anchor="middle" x="${x(tick)}" y="${bottom + 18}">${tick.toLocaleString("en")}</text>`
    ),
    ...ys.map(
      (tick) =>
        `<line class="grid" x1="${left + MARGIN.left}" y1="${y(tick)}" x2="${right}" y2="${y(tick)}"/>` +
        `<text text-anchor="end" x="${left + MARGIN.left - 8}" y="${Number(y(tick)) + 4}">${tick}</text>`
    )
  ]
  const lines = Object.keys(looks).flatMap((client) => {
    const ordered = own.filter((point) => point.client === client).toSorted((a, b) => a.size - b.size)
    if (ordered.length === 0) return []
    const line = ordered.map(({ median, size }) => `${x(size)},${y(median)}`).join(" ")
    const marks = ordered.map(
      ({ least, median, most, size }) =>
        `<line class="${client}" x1="${x(size)}" y1="${y(least)}" x2="${x(size)}" y2="${y(most)}"/>` +
        `<circle class="dot-${client}" cx="${x(size)}" cy="${y(median)}" r="3"/>`
    )
    return [`<polyline class="${client}" points="${line}"/>`, ...marks]
  })
  return [
    `<text class="title" text-anchor="middle" x="${middle}" y="22">${title}</text>`,
    ...grid,
    `<text text-anchor="middle" x="${middle}" y="${HEIGHT - 14}">${axis}</text>`,
    `<text text-anchor="middle" transform="translate(${left + 16} ${(MARGIN.top + bottom) / 2}) rotate(-90)">us of CPU per operation</text>`,
    ...lines
  ].join("\n")
}

const colours = (index: 0 | 1): string =>
  Object.entries(looks)
    .map(([client, look]) => `.${client} { stroke: ${look[index]} } .dot-${client} { fill: ${look[index]} }`)
    .join(" ")

const dashes = Object.entries(looks)
  .map(([client, [, , pattern]]) => `polyline.${client} { stroke-dasharray: ${pattern === "" ? "none" : pattern} }`)
  .join(" ")

export const svg = (growth: Growth): string => {
  const all = points(growth)
  const curves = (Object.keys(titles) as ReadonlyArray<Curve>).filter((curve) =>
    all.some((point) => point.curve === curve)
  )
  const width = WIDTH * Math.max(1, curves.length)
  const legend = Object.keys(looks)
    .filter((client) => all.some((point) => point.client === client))
    .map((client, index) => {
      const left = MARGIN.left + index * 100
      return (
        `<polyline class="${client}" points="${left},${HEIGHT + 8} ${left + 36},${HEIGHT + 8}"/>` +
        `<text x="${left + 42}" y="${HEIGHT + 12}">${client}</text>`
      )
    })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT + 28}" width="${width}" height="${HEIGHT + 28}" role="img">
<title>CPU time per operation, by operations outstanding and by nodes watched</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 }
.back { fill: #ffffff } .grid { stroke: #d0d7de } polyline { fill: none; stroke-width: 2 }
${dashes}
${colours(0)}
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .back { fill: #0d1117 } .grid { stroke: #30363d }
${colours(1)}
}
</style>
<rect class="back" width="100%" height="100%"/>
${curves.map((curve, index) => plot(curve, all, index * WIDTH)).join("\n")}
${legend.join("\n")}
</svg>
`
}
