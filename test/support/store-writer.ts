// A process of its own that sells units one at a time, as a committer would: read, decide, compare-and-swap, again on conflict.
//   node store-writer.ts URL SKU SALES NAME     prints how many conflicts it met
import { openStore } from '../../src/store/index.ts'
import { entryOf, keyOf, readStock } from './store-samples.ts'

const [url = '', sku = '', sales = '0', name = ''] = process.argv.slice(2)

const store = await openStore(url)
let conflicts = 0
for (let sale = 0; sale < Number(sales); ) {
  const [stock] = await readStock(store, sku)
  if (!stock) throw new Error(`${sku} is not stored`)
  const version = stock.version + 1
  const result = await store.commit({
    stock: [{ next: { ...stock, ...keyOf(sku), version, reservedUnits: stock.reservedUnits + 1 }, work: [] }],
    ledger: [entryOf(`${name}/${sale}`, sku, { version })],
  })
  if (result.ok) sale++
  else conflicts++
}
await store.close()
console.log(conflicts)
