-- SAML home identity providers (security I9): what names somebody there, messages that wait for their browser,
-- assertions that were used, and the key that signs requests.

ALTER TABLE identity_providers ADD COLUMN subject_attribute TEXT;

-- A posted answer brings no Lax cookie: it waits, sealed, for the GET that follows (security N4).
CREATE TABLE parked_messages (
    hash TEXT PRIMARY KEY REFERENCES upstream_states (hash) ON DELETE CASCADE,
    message TEXT NOT NULL,
    parked_at BIGINT NOT NULL
);
CREATE INDEX parked_messages_time ON parked_messages (parked_at);

-- Each assertion once, while its age alone would not refuse it.
CREATE TABLE saml_assertions (
    provider_id TEXT NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (provider_id, hash)
);
CREATE INDEX saml_assertions_expiry ON saml_assertions (expires_at);

-- One key of the server signs requests to providers that ask for it; its certificate stands in our metadata.
CREATE TABLE saml_keys (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    private_key TEXT NOT NULL,
    certificate TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
