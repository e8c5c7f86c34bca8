// Columns of text for the terminal: numbers to the right, everything else to the left.
import { printable } from './live-lines.ts'

export type Cell = string | number | null

const maxCellLength = 60

const cellText = (cell: Cell): string => {
  const text = cell === null ? '-' : printable(String(cell))
  return text.length > maxCellLength ? `${text.slice(0, maxCellLength - 1)}…` : text
}

export const tableText = (header: readonly string[], rows: readonly (readonly Cell[])[]): string => {
  const texts = rows.map((row) => row.map(cellText))
  const widths = header.map((name, column) => texts.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), name.length))
  const right = header.map((_name, column) => rows.some((row) => typeof row[column] === 'number'))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (right[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return [line(header), ...texts.map(line)].join('\n')
}
