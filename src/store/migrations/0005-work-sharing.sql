-- Any number of processes share the work: what bounds them all together is rows, and rows that want work ring by themselves.

-- One row for each report server: its lock is held while somebody counts what is drawn there, and a pause of it is seen by everybody.
create table servers (
  name text primary key check (name <> ''),
  concurrency integer not null check (concurrency > 0),
  paused_until timestamptz,
  paused_by text
);
comment on column servers.concurrency is 'Most renders at a time, as the configuration says that was published last.';
create trigger audited after insert or update or delete on servers for each row execute function write_audit();

-- The next free turn of each mailer whose rate is bounded.
create table budgets (
  name text primary key check (name <> ''),
  next_at timestamptz not null
);

-- Who is at work. Leases don't depend on it: it is for people and for checks.
create table workers (
  owner text primary key,
  host text not null,
  pid integer not null,
  roles text[] not null,
  servers text[] not null,
  mailer text not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now()
);

-- Whoever holds a piece of work and ends without a word counts apart from its tries: three of them, and it is what kills them.
alter table renders add column dead_owners integer not null default 0;
alter table deliveries add column dead_owners integer not null default 0;

alter table reports add column mailer text;
comment on column reports.mailer is 'How live emails leave (smtp, sendgrid, folder); a worker that posts in another way leaves them alone.';

-- What the sweep of every few seconds asks.
create index renders_of_workers on renders (lease_until) where state = 'drawing';
create index deliveries_of_writers on deliveries (deadline) where state in ('drawn', 'proven') and deadline is not null;

-- A ring is part of the transaction that makes the work: nobody hears it before the commit, and a rollback takes it back. Equal rings of
-- one transaction are one. It is only a wake-up: who misses it finds the row at the next sweep.
create function ring() returns trigger language plpgsql as $$
begin
  perform pg_notify('daybreak', tg_argv[0]);
  return null;
end $$;

create trigger rings_when_made after insert on slots for each row
  when (new.state = 'due') execute function ring('slots');
create trigger rings_when_moved after update of state on slots for each row
  when (new.state is distinct from old.state and new.state in ('ready', 'planned', 'closed')) execute function ring('slots');
create trigger rings_when_made after insert on renders for each row
  when (new.state = 'wanted') execute function ring('draw');
create trigger rings_when_moved after update of state on renders for each row
  when (new.state is distinct from old.state and new.state = 'wanted') execute function ring('draw');
create trigger rings_when_drawn after update of state on deliveries for each row
  when (new.state is distinct from old.state and new.state in ('drawn', 'proven')) execute function ring('write');
create trigger rings_when_freed after update of deadline on deliveries for each row
  when (new.state in ('drawn', 'proven') and old.deadline is not null and new.deadline is null) execute function ring('write');
create trigger rings_when_composed after update of state on deliveries for each row
  when (new.state is distinct from old.state and new.state = 'composed') execute function ring('post');
create trigger rings_when_planned_again after update of state on deliveries for each row
  when (new.state is distinct from old.state and new.state = 'planned') execute function ring('write');
create trigger rings_when_ended after update of state on deliveries for each row
  when (new.state is distinct from old.state
    and new.state in ('sent', 'skipped', 'superseded', 'expired', 'discarded', 'failed', 'uncertain', 'quarantined'))
  execute function ring('slots');
create trigger rings_when_resumed after update of paused_until on servers for each row
  when (new.paused_until is null and old.paused_until is not null) execute function ring('draw');
