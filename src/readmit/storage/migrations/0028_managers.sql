-- Whose manager a user is, one for each user, and which user made an object (graph G31).
-- One text for SQLite and PostgreSQL.
CREATE TABLE managers (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    manager_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX managers_manager ON managers (manager_id);

CREATE TABLE creators (
    object_id TEXT PRIMARY KEY,
    creator_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX creators_creator ON creators (creator_id);
