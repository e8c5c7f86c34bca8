// Did you mean …? The known name nearest to a mistyped one, or null when none is near enough to be a help.

/** Edit distance with neighbouring letters swapped counted as one mistake; inputs are cut, so the cost is bounded. */
const distance = (left: string, right: string): number => {
  const a = left.slice(0, 60)
  const b = right.slice(0, 60)
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) => [i])
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0
  for (let j = 1; j <= b.length; j++) (rows[0] as number[])[j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, at(i - 2, j - 2) + 1)
      ;(rows[i] as number[])[j] = best
    }
  }
  return at(a.length, b.length)
}

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')

export const nearestName = (wrong: string, known: readonly string[]): string | null => {
  let best: string | null = null
  let bestDistance = Math.max(1, Math.floor(plain(wrong).length / 3)) + 1
  for (const name of known) {
    const d = distance(plain(wrong), plain(name))
    if (d < bestDistance) {
      best = name
      bestDistance = d
    }
  }
  return best
}

/** ` Did you mean “x”?` or, when nothing is near, the list of what is known. */
export const nameHint = (wrong: string, known: readonly string[]): string => {
  const near = nearestName(wrong, known)
  if (near !== null) return `Did you mean "${near}"?`
  return known.length === 0 ? 'Remove it.' : `Known here: ${known.slice(0, 20).join(', ')}.`
}
