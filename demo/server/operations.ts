import { categories, regions, warehouses } from "./catalogue.ts";
import { type Day, isoOf } from "./day.ts";
import { type Asked, ordersOn } from "./filters.ts";
import type { Order } from "./orders.ts";
import { mixed } from "./random.ts";
import type { Row, TileAnswer } from "./tile.ts";

/** No order stays open longer than this, so looking back this far finds them all. */
const longestDays = 24;
/** A day's mean demand is taken over four whole weeks. */
const demandDays = 28;

interface Place {
  readonly Region: string;
  readonly Warehouse: string;
}

const places: readonly Place[] = regions.flatMap(({ name, warehouses: served }) =>
  warehouses.filter((warehouse) => served.includes(warehouse)).map((Warehouse) => ({ Region: name, Warehouse })),
);

const openOn = (asked: Asked, day: Day): readonly Order[] => {
  const open: Order[] = [];
  for (let ordered = day - longestDays; ordered <= day; ordered += 1) {
    open.push(...ordersOn(asked, ordered).filter((order) => ordered + order.shippedIn > day));
  }
  return open;
};

const daysLate = (order: Order, day: Day): number => day - (order.day + order.promisedIn);
const lateOn = (asked: Asked, day: Day): readonly Order[] =>
  openOn(asked, day).filter((order) => daysLate(order, day) > 0);

const at = (place: Place, orders: readonly Order[]): readonly Order[] =>
  orders.filter(({ Region, Warehouse }) => Region === place.Region && Warehouse === place.Warehouse);

const counted = (asked: Asked, label: string, find: (asked: Asked, day: Day) => readonly Order[]): TileAnswer => {
  const [now, before] = [find(asked, asked.asOf), find(asked, asked.asOf - 7)];
  const rows = places.flatMap((place): readonly Row[] => {
    const [here, then] = [at(place, now).length, at(place, before).length];
    return here + then === 0 ? [] : [{ ...place, [label]: here, [`${label} last week`]: then }];
  });
  const series = Array.from({ length: 21 }, (_, n) => find(asked, asked.asOf - 20 + n).length);
  return { rows, value: now.length, before: before.length, series };
};

/** Orders that should have been shipped by now and were not. */
export const lateShipments = (asked: Asked): TileAnswer => counted(asked, "Late shipments", lateOn);
/** Orders that are not shipped yet, late or not. */
export const openOrders = (asked: Asked): TileAnswer => counted(asked, "Open orders", openOn);

/** Days of cover fall day by day from a delivery to the next; each place and category has a rhythm of its own. */
const coverDays = (place: Place, category: string, day: Day): number => {
  const salt = mixed(
    warehouses.indexOf(place.Warehouse) * 31 + categories.findIndex(({ name }) => name === category),
    77,
  );
  const period = 11 + (salt % 9);
  const left = 1 - ((day + (salt % 1009)) % period) / period;
  return 6 + (salt % 5) + left * period * 1.15;
};

interface Stock {
  readonly onHand: number;
  readonly aDay: number;
}

/** The last four weeks' units by place and category, in one pass: the figure tile asks for 21 days of it. */
const demandUpTo = (asked: Asked, day: Day): ReadonlyMap<string, number> => {
  const units = new Map<string, number>();
  for (let back = 0; back < demandDays; back += 1) {
    for (const order of ordersOn(asked, day - back)) {
      const key = `${order.Region}\n${order.Warehouse}\n${order.Category}`;
      units.set(key, (units.get(key) ?? 0) + order.units);
    }
  }
  return units;
};

const stockAt = (place: Place, demand: ReadonlyMap<string, number>, day: Day): Stock => {
  let [onHand, aDay] = [0, 0];
  for (const { name } of categories) {
    const units = (demand.get(`${place.Region}\n${place.Warehouse}\n${name}`) ?? 0) / demandDays;
    aDay += units;
    onHand += units * coverDays(place, name, day);
  }
  return { onHand: Math.round(onHand), aDay };
};

const stockRows = (asked: Asked, day: Day): readonly (Place & Stock)[] => {
  const demand = demandUpTo(asked, day);
  return places.map((place) => ({ ...place, ...stockAt(place, demand, day) })).filter(({ aDay }) => aDay > 0);
};

const rounded = (value: number): number => Math.round(value * 10) / 10;

const coverOf = (stock: readonly Stock[]): number => {
  const aDay = stock.reduce((sum, each) => sum + each.aDay, 0);
  return aDay === 0 ? 0 : rounded(stock.reduce((sum, each) => sum + each.onHand, 0) / aDay);
};

const stockRow = ({ Region, Warehouse, onHand, aDay }: Place & Stock): Row => ({
  Region,
  Warehouse,
  "On hand": onHand,
  "Units a day": rounded(aDay),
});

/** For how many days the stock lasts at the mean demand of the last four weeks. */
export const stockCover = (asked: Asked): TileAnswer => {
  const now = stockRows(asked, asked.asOf);
  return {
    rows: now.map(stockRow),
    value: coverOf(now),
    before: coverOf(stockRows(asked, asked.asOf - 7)),
    series: Array.from({ length: 21 }, (_, n) => coverOf(stockRows(asked, asked.asOf - 20 + n))),
  };
};

/** Stock and demand by warehouse and region. */
export const coverByWarehouse = (asked: Asked): TileAnswer => ({ rows: stockRows(asked, asked.asOf).map(stockRow) });

const lateRow = (order: Order, day: Day): Row => ({
  Region: order.Region,
  Warehouse: order.Warehouse,
  Order: order.id,
  Customer: order.Customer,
  Category: order.Category,
  Promised: isoOf(order.day + order.promisedIn),
  "Days late": daysLate(order, day),
  Units: order.units,
  Revenue: order.cents / 100,
});

/** Every late shipment, warehouse by warehouse, the longest overdue first. */
export const operationsExport = (asked: Asked): readonly Row[] =>
  [...lateOn(asked, asked.asOf)]
    .sort(
      (a, b) =>
        warehouses.indexOf(a.Warehouse) - warehouses.indexOf(b.Warehouse) ||
        daysLate(b, asked.asOf) - daysLate(a, asked.asOf) ||
        a.id.localeCompare(b.id, "en"),
    )
    .map((order) => lateRow(order, asked.asOf));

/** The late shipments as the table shows them. */
export const lateList = (asked: Asked): TileAnswer => ({ rows: operationsExport(asked) });
