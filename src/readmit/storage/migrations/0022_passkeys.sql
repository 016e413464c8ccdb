-- Passkeys hang on the binding of their user: reset, a redemption after a conversion and purge end them (security V2).
CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id TEXT NOT NULL UNIQUE,
    public_key TEXT NOT NULL,
    sign_count BIGINT NOT NULL CHECK (sign_count >= 0),
    aaguid TEXT NOT NULL,
    transports TEXT NOT NULL,
    backup_eligible INTEGER NOT NULL CHECK (backup_eligible IN (0, 1)),
    backed_up INTEGER NOT NULL CHECK (backed_up IN (0, 1)),
    discoverable INTEGER CHECK (discoverable IN (0, 1)),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    code_proved_at BIGINT
);
CREATE INDEX passkeys_user ON passkeys (user_id);

-- What a browser is asked to sign: one for each flow, used up by the answer.
CREATE TABLE passkey_challenges (
    flow_id TEXT PRIMARY KEY REFERENCES flows (id) ON DELETE CASCADE,
    value TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('use', 'add')),
    expires_at BIGINT NOT NULL
);

ALTER TABLE flows ADD COLUMN passkey TEXT CHECK (passkey IN ('use', 'offer', 'add'));
