/** What a BI admin would have set by hand: plain SQL on the tables, as docs/guides describes it. Running it twice changes nothing. */
import type { Pool } from "#store/pool.ts";
import { transaction } from "#store/pool.ts";

/** The company's own table, which the second report asks for its people. */
const company = [
  "create schema if not exists company",
  "create table if not exists company.staff (email text primary key, name text, region text, team text, locale text, zone text)",
  `insert into company.staff values
    ('olga.petrov@example.com', 'Olga Petrov', 'West', 'logistics', 'en-US', 'America/New_York'),
    ('lars.dahl@example.com', 'Lars Dahl', 'North', 'logistics', 'de-DE', 'Europe/Berlin')
    on conflict (email) do nothing`,
];

/** Karin sees everything, which is said explicitly; Liam is on holiday; Grete has a stand-in; Pieter's view is narrowed. */
const byHand = [
  `insert into recipients (key, name, email, locale, zone) values
    ('karin', 'Karin Lund', 'karin.lund@example.com', 'en-GB', 'Europe/London'),
    ('sales-desk', 'Sales Desk Berlin', 'sales.desk@example.com', 'de-DE', 'Europe/Berlin')
    on conflict (key) do nothing`,
  "update recipients set kind = 'mailbox', attributes = '{\"desk\": \"sales\"}' where key = 'sales-desk'",
  `insert into subscriptions (report, recipient_id, filters, formats)
    select 'daily-sales', id, '"all"', array['png', 'pdf', 'xlsx'] from recipients where key = 'karin'
    on conflict do nothing`,
  `insert into groups (key, name, rule) values ('sales-desks', 'Sales desks', '{"desk": ["sales"]}') on conflict (key) do nothing`,
  `insert into subscriptions (report, group_id, filters)
    select 'daily-sales', id, '{"Region": ["North", "East"]}' from groups where key = 'sales-desks'
    on conflict do nothing`,
  "update recipients set paused_until = current_date + 7 where key = 'liam.murphy@example.com'",
  `insert into copies (recipient_id, kind, email)
    select id, 'cc', 'stand.in@example.com' from recipients r where key = 'grete.huber@example.com'
      and not exists (select 1 from copies c where c.recipient_id = r.id)`,
  `insert into subscriptions (report, recipient_id, label, filters)
    select 'daily-sales', id, 'tableware', '{"Region": ["South"], "Category": ["Tableware"]}' from recipients where key = 'pieter.bakker@example.com'
    on conflict do nothing`,
];

/** Makes the company's own table, which stands in the same database only because a demo has no other. */
export const makeCompany = (pool: Pool): Promise<void> =>
  transaction(pool, async (db) => {
    for (const sql of company) await db.query(sql);
  });

/** Edits the people by hand, after their lists have been read. */
export const editByHand = (pool: Pool): Promise<void> =>
  transaction(
    pool,
    async (db) => {
      for (const sql of byHand) await db.query(sql);
    },
    "bi-admin",
  );
