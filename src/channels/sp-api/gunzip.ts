// Unpacking report documents, behind a port because zlib works on its own threads: a deterministic run gives one that does it at once.
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ExchangeFailure } from '../http/exchange.ts'

/** Chunks in, chunks out, nothing gathered. A file that was cut off is an error. */
export type Gunzip = (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

export const gunzip: Gunzip = async function* (chunks) {
  const packed = Readable.from(chunks)
  const unpacked = createGunzip()
  packed.once('error', (error) => unpacked.destroy(error))
  packed.pipe(unpacked)
  try {
    for await (const chunk of unpacked) yield chunk as Uint8Array
  } catch (error) {
    throw error instanceof ExchangeFailure ? error : new ExchangeFailure('broken', 'the document cannot be unpacked', error)
  } finally {
    packed.destroy()
    unpacked.destroy()
  }
}
