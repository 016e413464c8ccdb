-- Adding and removing a passkey send a notice (security N7).
CREATE TABLE outbox_with_passkeys (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('invitation', 'reset', 'passcode', 'code_lock', 'passkey_added', 'passkey_removed')),
    user_id TEXT,
    invitation_id TEXT,
    passcode_id TEXT,
    generation BIGINT,
    address_key TEXT NOT NULL,
    language TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'retrying', 'sent', 'failed', 'parked', 'superseded')),
    tries INTEGER NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    leased_until BIGINT,
    lease TEXT,
    accepted TEXT NOT NULL DEFAULT '[]',
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
INSERT INTO outbox_with_passkeys (id, tenant_id, kind, user_id, invitation_id, passcode_id, generation, address_key,
    language, state, tries, due_at, leased_until, lease, accepted, last_error, created_at, finished_at)
SELECT id, tenant_id, kind, user_id, invitation_id, passcode_id, generation, address_key,
    language, state, tries, due_at, leased_until, lease, accepted, last_error, created_at, finished_at FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_with_passkeys RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (due_at) WHERE state IN ('queued', 'retrying', 'sending');
CREATE INDEX outbox_invitation ON outbox (invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX outbox_user ON outbox (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX outbox_address ON outbox (address_key, created_at);
