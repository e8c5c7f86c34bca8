// A source file without what does not run: comments, the text of templates, and on request quoted texts. Enough of a scanner for tests
// that look for words in code; regular expressions are left as they are.

type State = 'code' | 'template' | "'" | '"' | '//' | '/*'

/** Same length as the text, so that positions stay; what was taken out is spaces. */
export const codeOf = (text: string, keepQuoted: boolean): string => {
  let out = ''
  let state: State = 'code'
  /** Depth of braces in each `${` that is open, innermost last. */
  const open: number[] = []
  const blank = (piece: string): string => piece.replace(/[^\n]/g, ' ')
  for (let at = 0; at < text.length; ) {
    const char = text[at] as string
    const two = text.slice(at, at + 2)
    if (state === 'code') {
      if (two === '//' || two === '/*') state = two
      else if (char === "'" || char === '"') state = char
      else if (char === '`') state = 'template'
      else if (char === '{' && open.length > 0) open[open.length - 1] = (open.at(-1) as number) + 1
      else if (char === '}' && open.length > 0) {
        const depth = (open.at(-1) as number) - 1
        if (depth < 0) {
          open.pop()
          state = 'template'
        } else open[open.length - 1] = depth
      }
      const width = state === '//' || state === '/*' ? 2 : 1
      out += state === '//' || state === '/*' ? '  ' : char
      at += width
      continue
    }
    if (state === 'template') {
      if (char === '`') state = 'code'
      else if (two === '${') {
        open.push(0)
        state = 'code'
        out += '  '
        at += 2
        continue
      }
    } else if (state === '//') {
      if (char === '\n') state = 'code'
    } else if (state === '/*') {
      if (two === '*/') {
        state = 'code'
        out += '  '
        at += 2
        continue
      }
    } else if (char === state || char === '\n') {
      state = 'code'
      out += char
      at += 1
      continue
    }
    const width = char === '\\' && state !== '//' && state !== '/*' ? 2 : 1
    const piece = text.slice(at, at + width)
    out += keepQuoted && (state === "'" || state === '"') ? piece : blank(piece)
    at += width
  }
  return out
}
