-- Sign-ins, redemptions, refreshes and their refusals, one row for each attempt (lifecycle L50, security J1).
-- Rows name nobody: names are read beside, from the user as he is now. `tenant_id` is whose log it is; a home tenant
-- on this server keeps a row of its own about its account (lifecycle section 9, B). `address_hash` is a keyed digest.

CREATE TABLE sign_in_events (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('sign_in', 'redemption', 'refresh')),
    interactive INTEGER NOT NULL CHECK (interactive IN (0, 1)),
    user_id TEXT,
    app_id TEXT,
    resource TEXT,
    ip TEXT NOT NULL,
    error BIGINT NOT NULL,
    reason TEXT,
    page TEXT,
    correlation_id TEXT NOT NULL,
    resource_tenant_id TEXT NOT NULL,
    home_tenant_id TEXT,
    issuer TEXT,
    cross_tenant INTEGER NOT NULL CHECK (cross_tenant IN (0, 1)),
    address_hash TEXT,
    CHECK ((error = 0) = (reason IS NULL))
);
CREATE INDEX sign_in_events_tenant ON sign_in_events (tenant_id, at);
CREATE INDEX sign_in_events_user ON sign_in_events (user_id, at) WHERE user_id IS NOT NULL;
CREATE INDEX sign_in_events_address ON sign_in_events (address_hash, at) WHERE address_hash IS NOT NULL;
CREATE INDEX sign_in_events_at ON sign_in_events (at);
CREATE INDEX audit_events_at ON audit_events (at);

-- The last attempts of a user (graph G28): they outlive the log's retention.
CREATE TABLE sign_in_activity (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    interactive_at BIGINT,
    interactive_id TEXT,
    silent_at BIGINT,
    silent_id TEXT,
    success_at BIGINT,
    success_id TEXT
);

-- Where the actor asked from (security J1).
ALTER TABLE audit_events ADD COLUMN source TEXT;
