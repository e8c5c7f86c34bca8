// The hub as a process of its own, started and ended as a person or a crash would, against simulated marketplaces served over HTTP by the
// test's process.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { HubFiles } from '../../sim/marketplaces.ts'

const entrance = fileURLToPath(new URL('../../src/cli/belay.mjs', import.meta.url))

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
      .on('error', reject)
      .listen(0, '127.0.0.1', () => {
        const address = probe.address()
        probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
      })
  })

/** Asks until the answer is there; polling a real process has no event to await. The last complaint is thrown at the end. */
export const eventually = async (what: string, check: () => Promise<string | null>, withinMs = 60_000): Promise<void> => {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    const complaint = await check().catch((error: unknown) => String(error))
    if (complaint === null) return
    if (performance.now() > deadlineMs) throw new Error(`${what}: ${complaint}`)
    await pause(100)
  }
}

export interface HubProcess {
  readonly url: string
  readonly folder: string
  start(): Promise<void>
  /** SIGKILL: no chance to finish anything. */
  kill(): Promise<void>
  /** SIGTERM, and waits for a clean end. Returns the exit code. */
  stop(): Promise<number | null>
  /** SIGSTOP: it stands still, its connections stay open. SIGCONT: it goes on as if nothing had been. */
  pause(): void
  goOn(): void
  pid(): number | null
  /** It was started, and is gone without having been told to go. */
  hasEnded(): boolean
  get<T>(path: string): Promise<T>
  post(path: string, body: unknown): Promise<Response>
  output(): string
  cleanUp(): void
}

/** `args`: more of them. `program`: what takes the place of `belay serve`. */
export const hubProcess = (
  port: number,
  files: HubFiles,
  args: readonly string[] = [],
  program: readonly string[] = [entrance, 'serve'],
): HubProcess => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-e2e-'))
  const url = `http://127.0.0.1:${port}`
  const configPath = join(folder, 'belay.yaml')
  writeFileSync(configPath, files.config)
  let child: ChildProcess | null = null
  let output = ''
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = child
    child = null
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return ending?.exitCode ?? null
    const gone = once(ending, 'exit')
    ending.kill(signal)
    // One that stands still hears of it only when it goes on.
    ending.kill('SIGCONT')
    await gone
    return ending.exitCode
  }
  const killWithUs = (): void => {
    child?.kill('SIGKILL')
  }
  process.once('exit', killWithUs)
  return {
    url,
    folder,
    start: async () => {
      const started = spawn(process.execPath, [...program, '--config', configPath, ...args], {
        cwd: folder,
        env: { PATH: process.env['PATH'], ...files.environment, BELAY_DEBUG: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child = started
      const keep = (chunk: Buffer): void => {
        output = (output + chunk.toString()).slice(-200_000)
      }
      started.stdout.on('data', keep)
      started.stderr.on('data', keep)
      await eventually('the hub starts', async () => {
        if (started.exitCode !== null) throw new Error(`it ended with ${started.exitCode}: ${output.slice(-2000)}`)
        const answer = await fetch(`${url}/healthz`)
        return answer.ok ? null : `healthz says ${answer.status}`
      })
    },
    kill: async () => {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
    pause: () => void child?.kill('SIGSTOP'),
    goOn: () => void child?.kill('SIGCONT'),
    pid: () => child?.pid ?? null,
    hasEnded: () => child !== null && (child.exitCode !== null || child.signalCode !== null),
    get: async <T>(path: string): Promise<T> => {
      const answer = await fetch(`${url}${path}`)
      if (!answer.ok) throw new Error(`${path} says ${answer.status}: ${await answer.text()}`)
      return (await answer.json()) as T
    },
    post: (path, body) =>
      fetch(`${url}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    output: () => output,
    cleanUp: () => {
      process.off('exit', killWithUs)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
