-- Owed mail, audit and the memory of repeated requests.

-- Rows hold ids and states, no text and no secrets (reliability OB1).
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('invitation', 'reset', 'passcode', 'code_lock')),
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
CREATE INDEX outbox_due ON outbox (due_at) WHERE state IN ('queued', 'retrying', 'sending');
CREATE INDEX outbox_invitation ON outbox (invitation_id) WHERE invitation_id IS NOT NULL;
CREATE INDEX outbox_user ON outbox (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX outbox_address ON outbox (address_key, created_at);

-- Append-only. Rows hold the ids of subjects; what names them stands beside, so that erasure can take it (security J2).
CREATE TABLE audit_events (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    service TEXT NOT NULL,
    category TEXT NOT NULL,
    activity TEXT NOT NULL,
    operation TEXT NOT NULL,
    result TEXT NOT NULL CHECK (result IN ('success', 'failure')),
    reason TEXT,
    correlation_id TEXT,
    actor_type TEXT NOT NULL CHECK (actor_type IN ('user', 'app', 'system')),
    actor_id TEXT,
    target_id TEXT,
    target_type TEXT,
    details TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_events_tenant ON audit_events (tenant_id, at);
CREATE INDEX audit_events_target ON audit_events (target_id, at) WHERE target_id IS NOT NULL;

CREATE TABLE audit_names (
    event_id TEXT NOT NULL REFERENCES audit_events (id) ON DELETE CASCADE,
    subject_id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (event_id, subject_id)
);
CREATE INDEX audit_names_subject ON audit_names (subject_id);

CREATE TABLE idempotency (
    tenant_id TEXT NOT NULL,
    caller_id TEXT NOT NULL,
    request_key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    invitation_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, caller_id, request_key)
);
