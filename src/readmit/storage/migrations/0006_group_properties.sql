-- Writable properties of groups that nothing filters on (graph G32).
ALTER TABLE groups ADD COLUMN properties TEXT NOT NULL DEFAULT '{}';
