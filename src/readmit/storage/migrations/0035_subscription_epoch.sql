-- A subscription that a user made ends with his access: it is held against the epoch of the token that made it
-- (lifecycle L1, L6). NULL for one of an application itself.
ALTER TABLE subscriptions ADD COLUMN creator_epoch BIGINT;
UPDATE subscriptions SET creator_epoch = (SELECT u.epoch FROM users u WHERE u.id = creator_id);
