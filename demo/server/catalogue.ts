/** A sales region: how large it is beside the others, who buys there, and which warehouses serve it first and second. */
export interface Region {
  readonly name: string;
  readonly size: number;
  /** How much each category (in the order of `categories`) is liked there. */
  readonly taste: readonly number[];
  readonly warehouses: readonly [string, string];
  readonly customers: readonly string[];
}

/** A product category with its usual price for one unit, in cents. */
export interface Category {
  readonly name: string;
  readonly cents: number;
  readonly share: number;
}

export const categories: readonly Category[] = [
  { name: "Coffee", cents: 3290, share: 1 },
  { name: "Tea", cents: 2150, share: 0.72 },
  { name: "Chocolate", cents: 2780, share: 0.64 },
  { name: "Spices", cents: 1640, share: 0.46 },
  { name: "Tableware", cents: 5480, share: 0.3 },
];

export const warehouses: readonly string[] = ["Hamburg", "Rotterdam", "Verona", "Kraków", "Cork", "Osaka"];

/** Names with ampersand, apostrophe, comma, quotes, umlauts, CJK and emoji on purpose: they are what filters and files trip over. */
export const regions: readonly Region[] = [
  {
    name: "North",
    size: 1,
    taste: [1.2, 1.1, 0.8, 0.7, 1],
    warehouses: ["Hamburg", "Rotterdam"],
    customers: [
      "Nordlicht Handels GmbH",
      "Hansen & Søn",
      "Lübecker Teekontor",
      "Fjordmat AS",
      "Kaffeehaus Brömmel",
      "Möwe & Anker",
      "Østergaard Kolonial",
      "Strandhafer Feinkost",
      "Café Größenwahn",
      "Björk Deli",
      "Elbspeicher 7",
    ],
  },
  {
    name: "South",
    size: 0.82,
    taste: [1.3, 0.5, 1.1, 1.1, 0.9],
    warehouses: ["Verona", "Rotterdam"],
    customers: [
      "Müller & Söhne",
      "Casa Limón",
      "Trattoria d'Angelo",
      "Oliva Verde",
      "Bäckerei Schön",
      "Azulejo Imports",
      "Mercado São Jorge",
      "Isar Feinkost",
      "Pâtisserie Éclair",
      "La Piñata",
    ],
  },
  {
    name: "East",
    size: 0.55,
    taste: [0.9, 1.2, 1.2, 0.9, 0.6],
    warehouses: ["Kraków", "Hamburg"],
    customers: [
      "Żubr Delikatesy",
      "Donau Kontor",
      "Čokoláda Vltava",
      "Wisła Herbata",
      "Café Moldau 21",
      "Szép Ízek",
      "Gärtner & Groß",
      "Onkel Böhm",
    ],
  },
  {
    name: "West",
    size: 0.72,
    taste: [1, 0.9, 1.2, 0.8, 1.1],
    warehouses: ["Rotterdam", "Hamburg"],
    customers: [
      "Rijnhandel B.V.",
      "Maison Lefèvre",
      "The Copper Kettle",
      "Pieter's Koffiebar",
      "Köln-Süd Rösterei",
      "Tulp & Thee",
      "Brasserie Noël",
      "Zeeland Mosterd",
      "Happy Bean 🌱",
    ],
  },
  {
    name: "Alpine & Lakes",
    size: 0.36,
    taste: [0.8, 0.8, 1.8, 0.6, 0.8],
    warehouses: ["Verona", "Kraków"],
    customers: [
      "Gletscherblick Hotels",
      "Edelweiß Markt",
      "Hütte Zwölf",
      "Bergkräuter Jäger",
      "Seeblick Pension",
      "Rösti & Rahm",
      "Lago Bello",
    ],
  },
  {
    name: "O'Brien, Coast",
    size: 0.27,
    taste: [0.6, 1.9, 0.8, 0.5, 0.9],
    warehouses: ["Cork", "Rotterdam"],
    customers: [
      "O'Malley's Pantry",
      "Harbour Lights, Ltd.",
      "Siobhán's Tearoom",
      'The "Salty" Dog',
      "Clifftop Café",
      "Pebble & Tide",
    ],
  },
  {
    name: "日本",
    size: 0.44,
    taste: [0.8, 1.5, 1, 0.7, 1.6],
    warehouses: ["Osaka", "Hamburg"],
    customers: [
      "株式会社みどり",
      "喫茶さくら",
      "東京珈琲店",
      "京都茶舗 一期",
      "大阪スパイス",
      "北国チョコレート",
      "Kissa ネコ 🐈",
      "有限会社山田陶器",
      "ふじ食品",
    ],
  },
];

/** Every customer, region by region. */
export const customers: readonly string[] = regions.flatMap((region) => region.customers);
