-- Invitations, links, flows, proofs, codes and the history of who redeemed.

CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('invite', 'reinvite', 'reset', 'convert')),
    address TEXT NOT NULL,
    address_key TEXT NOT NULL,
    redirect_url TEXT NOT NULL,
    send_message INTEGER NOT NULL CHECK (send_message IN (0, 1)),
    language TEXT,
    custom_message TEXT,
    cc TEXT NOT NULL DEFAULT '[]',
    greeting TEXT,
    inviter_type TEXT NOT NULL CHECK (inviter_type IN ('user', 'app')),
    inviter_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    cancelled_at BIGINT
);
CREATE INDEX invitations_user ON invitations (user_id, generation);
CREATE INDEX invitations_tenant ON invitations (tenant_id, created_at);

-- Redeem links: opaque, hashed, bound to invitation and generation (security L1, L2).
CREATE TABLE tickets (
    hash TEXT PRIMARY KEY,
    invitation_id TEXT NOT NULL REFERENCES invitations (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX tickets_user ON tickets (user_id);
CREATE INDEX tickets_invitation ON tickets (invitation_id);

-- One browser's way through redemption or sign-in. A redemption is held against `generation`, a sign-in against `epoch`.
CREATE TABLE flows (
    id TEXT PRIMARY KEY,
    browser_hash TEXT NOT NULL,
    csrf TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('redemption', 'sign_in')),
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id TEXT,
    invitation_id TEXT REFERENCES invitations (id) ON DELETE CASCADE,
    generation BIGINT,
    epoch BIGINT,
    target TEXT NOT NULL,
    address TEXT,
    method TEXT CHECK (method IN ('home', 'code')),
    home_tenant_id TEXT,
    proof TEXT,
    other_proof TEXT,
    language TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK (kind = 'sign_in' OR (user_id IS NOT NULL AND generation IS NOT NULL))
);
CREATE INDEX flows_user ON flows (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX flows_expiry ON flows (expires_at);

CREATE TABLE passcodes (
    id TEXT PRIMARY KEY,
    flow_id TEXT NOT NULL UNIQUE REFERENCES flows (id) ON DELETE CASCADE,
    user_id TEXT,
    address TEXT NOT NULL,
    address_key TEXT NOT NULL,
    nonce TEXT NOT NULL,
    salt TEXT NOT NULL,
    hash TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    real INTEGER NOT NULL CHECK (real IN (0, 1)),
    requester TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX passcodes_user ON passcodes (user_id) WHERE user_id IS NOT NULL;

-- Counters of attempts, raised in the transaction that compares (security V4, C3, N8).
CREATE TABLE attempts (
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    period BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (scope, subject, period)
);

CREATE TABLE redemptions (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    address TEXT NOT NULL,
    kind TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    redeemed_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_by TEXT,
    UNIQUE (user_id, generation)
);
