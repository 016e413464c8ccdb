-- Codes and requests to providers carry the counters of the user they are about: a reset ends them in a sign-in as well,
-- whose flow names nobody before the proof (lifecycle L1, security L6, G2). Those on their way are asked for anew.
DELETE FROM passcodes;
DELETE FROM upstream_states;
ALTER TABLE passcodes ADD COLUMN epoch BIGINT;
ALTER TABLE passcodes ADD COLUMN generation BIGINT;
ALTER TABLE upstream_states ADD COLUMN user_id TEXT;
ALTER TABLE upstream_states ADD COLUMN epoch BIGINT;
ALTER TABLE upstream_states ADD COLUMN generation BIGINT;
