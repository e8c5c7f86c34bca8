// The official notification examples through accept and interpret. Source: contracts/ beside this file.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { acceptMessage, interpretEvent } from '../../../src/channels/amazon-seller/inbound.ts'
import type { ChannelId } from '../../../src/domain/ids.ts'

const channel = 'amazon-eu' as ChannelId

const example = (file: string): unknown => {
  const schema = JSON.parse(readFileSync(new URL(`contracts/${file}`, import.meta.url), 'utf8')) as { examples: unknown[] }
  return schema.examples[0]
}
const accept = (notification: unknown) => acceptMessage(channel, { receipt: 'r', messageId: 'm-1', body: JSON.stringify(notification) }, 5)

describe('ORDER_CHANGE', () => {
  const event = accept(example('OrderChangeNotification.json'))

  it('is one sale by SKU and quantity; a wish to cancel is none yet', () => {
    expect(event).toMatchObject({ channel, dedupeKey: 'd0e9e693-c3ad-4373-979f-ed4ec98dd746', topic: 'ORDER_CHANGE', receivedAtMs: 5 })
    expect(interpretEvent(event, 'A3TH9S8BH6GOGM')).toEqual({
      kind: 'orders',
      facts: [
        {
          channel,
          orderId: '903-8868176-2219830',
          createdAtMs: Date.parse('2022-07-13T19:42:04.284Z'),
          revisedAtMs: Date.parse('2022-11-29T19:42:04.284Z'),
          demand: 'fact',
          merge: 'maximum',
          acknowledgeByMs: null,
          echo: null,
          lines: [
            {
              lineId: 'OIID34853450',
              listingKeys: ['SellerSKUID1'],
              orderedQuantity: 10,
              cancelledQuantity: 0,
              shippedQuantity: 0,
              cancelledAtMs: null,
              cancelMayRestock: true,
              amountMinor: null,
              currency: null,
            },
          ],
        },
      ],
    })
  })

  it('is stored without the postal code and without anything that is not on the list', () => {
    expect(event.payload).not.toContain('48110')
    expect(event.payload).not.toContain('ElectronicInvoiceStatus')
    expect(event.payload).not.toContain('Buyer Requested Cancel')
  })

  it('of another seller is ignored', () => {
    expect(interpretEvent(event, 'AOTHERSELLER')).toMatchObject({ kind: 'ignore' })
  })
})

describe('LISTINGS_ITEM_MFN_QUANTITY_CHANGE', () => {
  it('is a quantity', () => {
    expect(interpretEvent(accept(example('ListingsItemMfnQuantityChange.json')), 'AXXXXXXXXXXXXX')).toEqual({
      kind: 'quantity',
      listingKey: 'NLS-SHOES-03',
      quantity: 99,
      atMs: Date.parse('2021-02-03T18:59:30.194Z'),
    })
  })
})
