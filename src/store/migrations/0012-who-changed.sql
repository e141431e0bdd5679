-- The tick of each minute must see whoever was entered a minute before, and must not read a hundred thousand people to find that nobody was.
-- So each change names its transaction: whatever a reader could not see yet is of a transaction that was not over when it looked.
alter table audit add column xid xid8;
alter table audit alter column xid set default pg_current_xact_id();
create index audit_of_transaction on audit (xid);
