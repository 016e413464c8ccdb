-- Device grants (RFC 8628): one waits for a person with a browser, then hangs on the grant that he gave.
CREATE TABLE device_codes (
    hash TEXT PRIMARY KEY,
    user_code TEXT NOT NULL UNIQUE,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    graph INTEGER NOT NULL CHECK (graph IN (0, 1)),
    scopes TEXT NOT NULL,
    origin TEXT NOT NULL,
    requester TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'declined')),
    grant_id TEXT REFERENCES grants (id) ON DELETE CASCADE,
    polled_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK ((state = 'approved') = (grant_id IS NOT NULL))
);
CREATE INDEX device_codes_grant ON device_codes (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX device_codes_expiry ON device_codes (expires_at);
