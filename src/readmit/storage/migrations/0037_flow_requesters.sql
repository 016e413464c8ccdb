-- Anybody may begin a sign-in, and each writes a row: they are counted, of each network and of all.
ALTER TABLE flows ADD COLUMN requester TEXT NOT NULL DEFAULT '';
CREATE INDEX flows_unproved ON flows (created_at, proof) WHERE proof IS NULL;
CREATE INDEX flows_unproved_requester ON flows (requester, created_at, proof) WHERE proof IS NULL;
