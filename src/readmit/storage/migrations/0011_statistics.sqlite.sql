-- SQLite only: what the planner must know of a large tenant from the first day. Without it a filter by address walks the
-- tenant's whole list, since a tenant looks as selective as an address.
ANALYZE;
DELETE FROM sqlite_stat1 WHERE tbl IN ('users', 'user_addresses', 'group_members', 'changes');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('users', 'sqlite_autoindex_users_1', '300000 1'),
    ('users', 'users_upn', '300000 1 1'),
    ('users', 'users_mail', '300000 1 1'),
    ('users', 'users_binding', '150000 1 1 1 1'),
    ('users', 'users_redeemed', '150000 1 1'),
    ('users', 'users_state', '300000 100000 50000 10000 1'),
    ('users', 'users_listed', '300000 100000 1'),
    ('users', 'users_deleted', '3000 1000 1'),
    ('user_addresses', 'sqlite_autoindex_user_addresses_1', '400000 1 1'),
    ('user_addresses', 'user_addresses_user', '400000 2'),
    ('group_members', 'sqlite_autoindex_group_members_1', '600000 100 1'),
    ('group_members', 'group_members_member', '600000 4'),
    ('changes', 'changes_order', '100000 50000 25000 1');
