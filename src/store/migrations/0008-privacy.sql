-- What is kept, for how long, and how a person is forgotten. Rows name bytes that lie elsewhere, so whatever takes a row away, or points it
-- at other bytes, leaves a note here in the same transaction: no crash leaves bytes behind of which nobody knows any more.

create table removals (
  path text primary key check (path <> ''),
  not_before timestamptz not null default now(),
  tries integer not null default 0,
  words text
);
comment on table removals is 'Bytes in the artifact bucket that nothing names any more; removed by whoever plans, as soon as the bucket lets it.';
comment on column removals.words is 'Why the last try failed.';

alter table artifacts add column removed_at timestamptz;
comment on column artifacts.removed_at is 'Its bytes are gone; the hash stays for whoever asks later what was drawn.';
alter table messages add column removed_at timestamptz;
comment on column messages.removed_at is 'Its bytes are gone; hash and Message-ID stay.';

create function owe_removal() returns trigger language plpgsql as $$
begin
  if old.removed_at is null
     and (tg_op = 'DELETE' or new.path is distinct from old.path or new.removed_at is not null) then
    insert into removals (path) values (old.path) on conflict (path) do nothing;
  end if;
  return null;
end $$;
create trigger owes_removal after delete or update of path, removed_at on artifacts for each row execute function owe_removal();
create trigger owes_removal after delete or update of path, removed_at on messages for each row execute function owe_removal();

create index removals_due on removals (not_before);

create index artifacts_kept on artifacts (path) where removed_at is null;
create index messages_kept on messages (path) where removed_at is null;

-- A drawing may be made anew after it was sent: what a delivery carried is kept with its proof.
alter table proofs add column sha256 text;
comment on column proofs.sha256 is 'Of the bytes that were proven.';
update proofs x set sha256 = a.sha256
  from delivery_parts p join renders r on r.id = p.render_id join artifacts a on a.render_id = r.id
  where p.delivery_id = x.delivery_id and p.part = x.part and a.format = x.format
    and (p.proven_of is null or p.proven_of = r.finished_at);

-- A suppressed address outlives the person's rows as a hash, so that a list that still names it mails nobody. The salt keeps it from being
-- looked up in tables that others have made.
alter table installation add column salt uuid not null default gen_random_uuid();

create index deliveries_of_recipient on deliveries (recipient_id);
create index deliveries_by_age on deliveries (created_at);
create index audit_by_age on audit (at);

-- Nobody may send what belongs to a person who is forgotten, and nobody will find out any more what became of it.
insert into moves (noun, source, target) values ('deliveries', 'uncertain', 'discarded');
