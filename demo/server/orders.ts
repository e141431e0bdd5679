import { type Category, categories, type Region, regions } from "./catalogue.ts";
import { type Day, dayOf, isoOf, weekdayOf } from "./day.ts";
import { bell, mixed, type Random, randomFrom, weightedPlace } from "./random.ts";

/** One order of one customer for one category. */
export interface Order {
  readonly id: string;
  readonly day: Day;
  readonly Region: string;
  readonly Category: string;
  readonly Customer: string;
  readonly Warehouse: string;
  readonly units: number;
  readonly cents: number;
  /** Days from the order to the promised and to the real shipping. */
  readonly promisedIn: number;
  readonly shippedIn: number;
}

/** The books: what was ordered on a day. A day's orders depend on the seed and the date alone, never on when one looks. */
export interface Ledger {
  of(day: Day): readonly Order[];
}

const SEED = 20_240_229;
const ordersADay = 21;
const weekdays = [0.42, 1.02, 1.06, 1.1, 1.14, 1.24, 0.63];
const start = dayOf("2024-01-01");

/** Growth, the year's wave with its peak before Christmas, and the week's shape, as one factor. */
const demandOn = (day: Day): number => {
  const years = Math.max(-4, Math.min(12, (day - start) / 365.25));
  const turn = (2 * Math.PI * (day - start)) / 365.25;
  const year = 1 + 0.17 * Math.cos(turn + 0.45) + 0.06 * Math.cos(2 * turn + 0.3);
  return Math.exp(0.14 * years) * year * (weekdays[weekdayOf(day)] ?? 1);
};

const at = <T>(list: readonly T[], place: number): T => {
  const found = list[place];
  if (found === undefined) throw new RangeError(`nothing at place ${place}`);
  return found;
};

/** A few customers buy a lot and many a little. */
const customerOf = (random: Random, region: Region): string =>
  at(
    region.customers,
    weightedPlace(
      random,
      region.customers.map((_, place) => 1 / (place + 1.6)),
    ),
  );

const categoryOf = (random: Random, region: Region): Category =>
  at(
    categories,
    weightedPlace(
      random,
      categories.map(({ share }, place) => share * (region.taste[place] ?? 1)),
    ),
  );

const shippingOf = (random: Random): { readonly promisedIn: number; readonly shippedIn: number } => {
  const promisedIn = 2 + Math.floor(random() * 4);
  const late = random() < 0.075;
  const shippedIn = late
    ? promisedIn + 1 + Math.floor(random() * random() * 14)
    : promisedIn - Math.floor(random() * 3);
  return { promisedIn, shippedIn: Math.max(1, shippedIn) };
};

const drawOrder = (random: Random, region: Region): Omit<Order, "id" | "day"> => {
  const category = categoryOf(random, region);
  const units = Math.max(1, Math.round(Math.exp(2.9 + 0.75 * bell(random))));
  const price = category.cents * (units > 40 ? 0.88 : 1) * (1 + 0.06 * bell(random));
  return {
    Region: region.name,
    Category: category.name,
    Customer: customerOf(random, region),
    Warehouse: region.warehouses[random() < 0.82 ? 0 : 1],
    units,
    cents: units * Math.max(100, Math.round(price)),
    ...shippingOf(random),
  };
};

const drawDay = (seed: number, day: Day): readonly Order[] => {
  const random = randomFrom(mixed(seed, day));
  const mood = 1 + 0.06 * bell(random);
  const date = isoOf(day).slice(2).replaceAll("-", "");
  const orders: Order[] = [];
  for (const region of regions) {
    const expected = ordersADay * region.size * demandOn(day) * mood;
    // At least two, so that even the smallest region has a report on the quietest Sunday.
    const count = Math.max(2, Math.round(expected + 0.7 * Math.sqrt(expected) * bell(random)));
    for (let n = 0; n < count; n += 1) {
      const id = `${date}-${String(orders.length + 1).padStart(3, "0")}`;
      orders.push({ id, day, ...drawOrder(random, region) });
    }
  }
  return orders;
};

/** Opens the books; each day is drawn when it is first asked for and then kept. */
export const openLedger = (seed: number = SEED): Ledger => {
  const days = new Map<Day, readonly Order[]>();
  return {
    of: (day) => {
      const kept = days.get(day);
      if (kept !== undefined) return kept;
      const drawn = drawDay(seed, day);
      days.set(day, drawn);
      return drawn;
    },
  };
};
