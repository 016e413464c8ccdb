-- Home identity providers outside this server, and the requests that wait for their answers (security I1 to I7).

CREATE TABLE identity_providers (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('oidc', 'saml')),
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    secret TEXT,
    preset TEXT CHECK (preset IN ('entra', 'google', 'microsoft')),
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    private_network INTEGER NOT NULL DEFAULT 0 CHECK (private_network IN (0, 1)),
    scopes TEXT NOT NULL,
    metadata TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (tenant_id, issuer),
    CHECK (kind = 'oidc' OR metadata IS NOT NULL)
);

-- A domain's addresses are proved by one provider of a tenant.
CREATE TABLE identity_provider_domains (
    tenant_id TEXT NOT NULL,
    domain TEXT NOT NULL,
    provider_id TEXT NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    PRIMARY KEY (tenant_id, domain)
);
CREATE INDEX identity_provider_domains_provider ON identity_provider_domains (provider_id);

-- A flow may now wait for a provider. Flows live an hour: who stands in one opens the link again.
DROP TABLE passcodes;
DROP TABLE flows;

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
    method TEXT CHECK (method IN ('home', 'code', 'provider')),
    home_tenant_id TEXT,
    provider_id TEXT,
    proof TEXT,
    other_proof TEXT,
    language TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK (kind = 'sign_in' OR (user_id IS NOT NULL AND generation IS NOT NULL)),
    CHECK ((method = 'provider') = (provider_id IS NOT NULL))
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

-- What a provider was asked: one use, bound to the flow and so to its browser; dies with the flow (security I2, G2).
CREATE TABLE upstream_states (
    hash TEXT PRIMARY KEY,
    flow_id TEXT NOT NULL REFERENCES flows (id) ON DELETE CASCADE,
    provider_id TEXT NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX upstream_states_flow ON upstream_states (flow_id);
