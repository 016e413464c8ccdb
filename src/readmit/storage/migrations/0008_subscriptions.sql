-- Webhooks of applications (graph G59). What is owed is not stored a second time: `seq` says up to which number of the
-- log of changes the receiver has acknowledged. Rows are leased by the worker that sends, as mail is.

CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    app_id TEXT NOT NULL,
    principal_id TEXT NOT NULL REFERENCES service_principals (id) ON DELETE CASCADE,
    creator_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'group')),
    object_id TEXT,
    members INTEGER NOT NULL CHECK (members IN (0, 1)),
    change_type TEXT NOT NULL,
    url TEXT NOT NULL,
    lifecycle_url TEXT,
    client_state TEXT,
    tls_version TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    failing_since BIGINT,
    failing_seq BIGINT,
    missed_since BIGINT,
    missed_due_at BIGINT,
    missed_tries INTEGER NOT NULL DEFAULT 0,
    lease TEXT,
    leased_until BIGINT,
    CHECK (members = 0 OR (kind = 'group' AND object_id IS NOT NULL)),
    CHECK ((failing_since IS NULL) = (failing_seq IS NULL)),
    CHECK ((missed_since IS NULL) = (missed_due_at IS NULL)),
    CHECK ((lease IS NULL) = (leased_until IS NULL))
);
CREATE INDEX subscriptions_due ON subscriptions (due_at);
CREATE INDEX subscriptions_owner ON subscriptions (tenant_id, app_id);
CREATE INDEX subscriptions_expiry ON subscriptions (expires_at);
CREATE INDEX subscriptions_principal ON subscriptions (principal_id);
