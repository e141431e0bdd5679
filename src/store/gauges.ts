import type { Temporal } from "#model/time.ts";
import { at, type Db, many, number, text } from "#store/db.ts";

const under = "('planned', 'drawn', 'proven', 'composed', 'sending')";

/** Every statement of what is counted for whoever watches, `$1` being the time; a test prepares each. Labels are names of the configuration or words of ours, never people's. */
export const statements = {
  deliveries: `select report, state, mode, count(*) as value from (
      select d.report, d.state, case when d.trial then 'trial' else 'live' end as mode
        from slots s join deliveries d on d.slot_id = s.id where s.due > $1::timestamptz - interval '1 day'
      union all
      select d.report, d.state, case when d.trial then 'trial' else 'live' end as mode
        from deliveries d left join slots s on s.id = d.slot_id
        where d.state in ${under} and (s.id is null or s.due <= $1::timestamptz - interval '1 day')) d
    group by report, state, mode`,
  renders: `select server, state, count(*) as value from (
      select server, state from renders where state in ('wanted', 'drawing')
      union all
      select server, state from renders where state in ('ready', 'faulted') and finished_at > $1::timestamptz - interval '1 day') r
    group by server, state`,
  slots: `select state, count(*) as value from slots
    where due > $1::timestamptz - interval '1 day' or state not in ('closed', 'skipped') group by state`,
  slotAge: `select report, extract(epoch from $1::timestamptz - min(due)) as value from slots
    where state not in ('closed', 'skipped') and stopped_at is null and due <= $1 group by report`,
  queues: `select 'slots' as queue, count(*) as value from slots
      where due <= $1::timestamptz and state not in ('closed', 'skipped') and stopped_at is null
    union all select 'draw', count(*) from renders r where r.state = 'wanted' and (r.not_before is null or r.not_before <= $1)
      and exists (select 1 from delivery_parts p join deliveries d on d.id = p.delivery_id
        where p.render_id = r.id and d.state = 'planned' and d.stopped_at is null)
    union all select 'write', count(*) from deliveries
      where state in ('drawn', 'proven') and stopped_at is null and (not_before is null or not_before <= $1)
    union all select 'post', count(*) from deliveries where state = 'composed' and occasion not like 'preview:%'
      and stopped_at is null and not waits_for_wave and (not_before is null or not_before <= $1)`,
  attempts: `select outcome, count(*) as value from attempts where finished_at > $1::timestamptz - interval '1 hour' group by outcome`,
  events: `select kind, count(*) as value from mail_events where seen_at > $1::timestamptz - interval '1 day' group by kind`,
  // What stands behind the colon may name a slot: there would be ever more of them.
  alerts: `select severity, split_part(key, ':', 1) as kind, count(*) as value from alerts
    where recovered_at is null group by severity, kind`,
  archives: "select backup, state, count(*) as value from archives where state <> 'removed' group by backup, state",
  archiveAge: `select backup, extract(epoch from $1::timestamptz - max(made_at)) as value from archives where state = 'verified' group by backup`,
  drillAge: `select backup, extract(epoch from $1::timestamptz - max(finished_at)) as value from drills where outcome = 'passed' group by backup`,
  // By the database's clock, like the beats themselves.
  workers: `select role, count(*) as value from workers, unnest(roles) role
    where seen_at > now() - interval '30 seconds' group by role`,
  waits: `select name as budget, greatest(0, extract(epoch from next_at - clock_timestamp())) as value from budgets
    where next_at > $1::timestamptz - interval '1 day'`,
  pauses: `select name as server, case when paused_until > $1::timestamptz then 1 else 0 end as value from servers`,
};

/** What is counted in the rows. */
export type Count = keyof typeof statements;

/** One counted value with the words it is told apart by. */
export interface Counted {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counts one thing as it stands now. */
export const count = (db: Db, what: Count, now: Temporal.Instant): Promise<Counted[]> =>
  many(db, {
    text: statements[what],
    values: statements[what].includes("$1") ? [at(now)] : [],
    map: (row) => ({
      labels: Object.fromEntries(
        Object.keys(row)
          .filter((column) => column !== "value")
          .map((column) => [column, text(row, column)]),
      ),
      value: number(row, "value"),
    }),
  });
