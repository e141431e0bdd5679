-- An index holds no more than 2,704 bytes of a row, and somebody may be owed hundreds of stores: their email was sent, and couldn't be recorded.
drop index deliveries_last_sent;
create index deliveries_last_sent on deliveries (report, md5(filters_key), nominal desc) where state = 'sent';

-- Emails with the same filters are written one after the other: their pictures and files are read once.
create index deliveries_to_write on deliveries (md5(filters_key), id) where state in ('drawn', 'proven');
