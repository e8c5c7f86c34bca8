// What the made-up merchant sells: families of household goods, their sizes, colours and price ranges.
export interface Family {
  readonly code: string
  readonly name: string
  readonly sizes: readonly (readonly [code: string, words: string])[]
  readonly priceMinor: readonly [number, number]
}

export const families: readonly Family[] = [
  {
    code: 'MUG',
    name: 'Stoneware mug',
    sizes: [
      ['025', '250 ml'],
      ['035', '350 ml'],
      ['050', '500 ml'],
    ],
    priceMinor: [890, 1990],
  },
  {
    code: 'BWL',
    name: 'Serving bowl',
    sizes: [
      ['14', '14 cm'],
      ['20', '20 cm'],
      ['26', '26 cm'],
    ],
    priceMinor: [1290, 3490],
  },
  {
    code: 'PLT',
    name: 'Dinner plate',
    sizes: [
      ['21', '21 cm'],
      ['27', '27 cm'],
    ],
    priceMinor: [990, 2190],
  },
  {
    code: 'KNF',
    name: 'Kitchen knife',
    sizes: [
      ['09', '9 cm'],
      ['16', '16 cm'],
      ['20', '20 cm'],
    ],
    priceMinor: [1990, 8990],
  },
  {
    code: 'PAN',
    name: 'Cast iron pan',
    sizes: [
      ['20', '20 cm'],
      ['24', '24 cm'],
      ['28', '28 cm'],
    ],
    priceMinor: [2990, 8990],
  },
  {
    code: 'BRD',
    name: 'Cutting board',
    sizes: [
      ['S', 'small'],
      ['M', 'medium'],
      ['L', 'large'],
    ],
    priceMinor: [1490, 4990],
  },
  {
    code: 'TWL',
    name: 'Linen tea towel',
    sizes: [
      ['1', 'single'],
      ['3', 'set of 3'],
    ],
    priceMinor: [790, 2490],
  },
  {
    code: 'APR',
    name: 'Cotton apron',
    sizes: [
      ['M', 'medium'],
      ['L', 'large'],
    ],
    priceMinor: [1990, 3990],
  },
  {
    code: 'CND',
    name: 'Beeswax candle',
    sizes: [
      ['10', '10 cm'],
      ['20', '20 cm'],
      ['30', '30 cm'],
    ],
    priceMinor: [590, 1890],
  },
  {
    code: 'VAS',
    name: 'Glass vase',
    sizes: [
      ['15', '15 cm'],
      ['25', '25 cm'],
      ['35', '35 cm'],
    ],
    priceMinor: [1490, 5990],
  },
  {
    code: 'BTL',
    name: 'Steel bottle',
    sizes: [
      ['05', '0.5 l'],
      ['07', '0.75 l'],
      ['10', '1 l'],
    ],
    priceMinor: [1790, 3490],
  },
  {
    code: 'LBX',
    name: 'Lunch box',
    sizes: [
      ['08', '0.8 l'],
      ['12', '1.2 l'],
    ],
    priceMinor: [1690, 3290],
  },
  {
    code: 'JAR',
    name: 'Storage jar',
    sizes: [
      ['05', '0.5 l'],
      ['10', '1 l'],
      ['20', '2 l'],
    ],
    priceMinor: [690, 2290],
  },
  {
    code: 'CSH',
    name: 'Wool cushion',
    sizes: [
      ['40', '40 x 40 cm'],
      ['50', '50 x 50 cm'],
    ],
    priceMinor: [2490, 5490],
  },
  {
    code: 'BLK',
    name: 'Throw blanket',
    sizes: [
      ['130', '130 x 170 cm'],
      ['150', '150 x 200 cm'],
    ],
    priceMinor: [3990, 9990],
  },
  {
    code: 'LMP',
    name: 'Table lamp',
    sizes: [
      ['30', '30 cm'],
      ['45', '45 cm'],
    ],
    priceMinor: [3490, 11990],
  },
]

export const colours: readonly (readonly [code: string, word: string])[] = [
  ['SND', 'sand'],
  ['OLV', 'olive'],
  ['NVY', 'navy'],
  ['TRC', 'terracotta'],
  ['WHT', 'white'],
  ['BLK', 'black'],
  ['SKY', 'sky'],
  ['RSE', 'rose'],
  ['MST', 'mustard'],
  ['GRY', 'grey'],
  ['PLM', 'plum'],
  ['MNT', 'mint'],
  ['RST', 'rust'],
  ['IVR', 'ivory'],
]
