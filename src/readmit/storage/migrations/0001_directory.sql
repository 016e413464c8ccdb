-- The directory: tenants, users, groups, applications and who has what.
-- One text for SQLite and PostgreSQL. Times are microseconds since 1970 in UTC, flags 0 or 1, lists and trees JSON text.

CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    initial_domain TEXT NOT NULL UNIQUE,
    preferred_language TEXT,
    privacy_url TEXT,
    salt TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A verified or initial domain belongs to one tenant of the server (lifecycle L3).
CREATE TABLE domains (
    name TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1))
);
CREATE INDEX domains_tenant ON domains (tenant_id);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    upn TEXT NOT NULL,
    upn_key TEXT NOT NULL,
    mail TEXT,
    mail_key TEXT,
    other_mails TEXT NOT NULL DEFAULT '[]',
    mail_nickname TEXT,
    display_name TEXT NOT NULL,
    given_name TEXT,
    surname TEXT,
    user_type TEXT NOT NULL CHECK (user_type IN ('Guest', 'Member')),
    creation_type TEXT CHECK (creation_type IN ('Invitation')),
    converted INTEGER NOT NULL DEFAULT 0 CHECK (converted IN (0, 1)),
    account_enabled INTEGER NOT NULL DEFAULT 1 CHECK (account_enabled IN (0, 1)),
    preferred_language TEXT,
    profile TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    external_state TEXT,
    external_state_changed_at BIGINT,
    invited_address TEXT,
    invited_key TEXT,
    redeemed_address TEXT,
    redeemed_key TEXT,
    binding_kind TEXT,
    binding_issuer TEXT,
    binding_subject TEXT,
    binding_issuer_shown TEXT,
    binding_assigned_id TEXT,
    generation BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sessions_valid_from BIGINT NOT NULL,
    password_hash TEXT,
    password_expires_at BIGINT,
    password_changed_at BIGINT,
    CHECK ((mail IS NULL) = (mail_key IS NULL)),
    -- The union of domain/guest.py: NeverInvited | Pending | Accepted; each case has exactly its data.
    CHECK (
        (external_state IS NULL AND external_state_changed_at IS NULL AND invited_key IS NULL AND redeemed_key IS NULL
            AND binding_issuer IS NULL AND generation = 0)
        OR (external_state IN ('PendingAcceptance') AND external_state_changed_at IS NOT NULL AND invited_key IS NOT NULL
            AND redeemed_key IS NULL AND binding_issuer IS NULL AND generation > 0)
        OR (external_state IN ('Accepted') AND external_state_changed_at IS NOT NULL AND invited_key IS NOT NULL
            AND redeemed_key IS NOT NULL AND binding_issuer IS NOT NULL AND generation > 0)
    ),
    CHECK ((binding_issuer IS NULL) = (binding_kind IS NULL) AND (binding_issuer IS NULL) = (binding_subject IS NULL)),
    CHECK ((invited_address IS NULL) = (invited_key IS NULL) AND (redeemed_address IS NULL) = (redeemed_key IS NULL))
);
CREATE UNIQUE INDEX users_upn ON users (upn_key, tenant_id) WHERE deleted_at IS NULL;
CREATE INDEX users_mail ON users (mail_key, tenant_id);
CREATE UNIQUE INDEX users_binding ON users (binding_subject, binding_issuer, binding_kind, tenant_id)
    WHERE binding_issuer IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX users_redeemed ON users (redeemed_key, tenant_id) WHERE redeemed_key IS NOT NULL;
CREATE INDEX users_state ON users (tenant_id, user_type, external_state, id) WHERE deleted_at IS NULL;
CREATE INDEX users_listed ON users (tenant_id, id) WHERE deleted_at IS NULL;
CREATE INDEX users_deleted ON users (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;

-- The one index over UPN, mail and otherMails of live users (lifecycle L3, security A5).
CREATE TABLE user_addresses (
    address_key TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (address_key, tenant_id)
);
CREATE INDEX user_addresses_user ON user_addresses (user_id);

CREATE TABLE groups (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    display_name TEXT NOT NULL,
    description TEXT,
    mail TEXT,
    mail_key TEXT,
    mail_nickname TEXT,
    visibility TEXT,
    classification TEXT,
    group_types TEXT NOT NULL DEFAULT '[]',
    mail_enabled INTEGER NOT NULL DEFAULT 0 CHECK (mail_enabled IN (0, 1)),
    security_enabled INTEGER NOT NULL DEFAULT 1 CHECK (security_enabled IN (0, 1)),
    is_assignable_to_role INTEGER NOT NULL DEFAULT 0 CHECK (is_assignable_to_role IN (0, 1)),
    unique_name TEXT,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX groups_listed ON groups (tenant_id, id) WHERE deleted_at IS NULL;
CREATE INDEX groups_mail ON groups (mail_key, tenant_id) WHERE mail_key IS NOT NULL;

CREATE TABLE group_members (
    group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    member_id TEXT NOT NULL,
    member_type TEXT NOT NULL CHECK (member_type IN ('user', 'group', 'servicePrincipal')),
    PRIMARY KEY (group_id, member_id)
);
CREATE INDEX group_members_member ON group_members (member_id);

-- Owners of groups, applications and service principals.
CREATE TABLE owners (
    object_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    PRIMARY KEY (object_id, owner_id)
);
CREATE INDEX owners_owner ON owners (owner_id);

CREATE TABLE sponsors (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sponsor_id TEXT NOT NULL,
    PRIMARY KEY (user_id, sponsor_id)
);
CREATE INDEX sponsors_sponsor ON sponsors (sponsor_id);

CREATE TABLE role_assignments (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    principal_id TEXT NOT NULL,
    role_id TEXT NOT NULL,
    UNIQUE (principal_id, role_id)
);
CREATE INDEX role_assignments_tenant ON role_assignments (tenant_id);

CREATE TABLE applications (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    app_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    app_roles TEXT NOT NULL DEFAULT '[]',
    web_redirect_uris TEXT NOT NULL DEFAULT '[]',
    spa_redirect_uris TEXT NOT NULL DEFAULT '[]',
    public_redirect_uris TEXT NOT NULL DEFAULT '[]',
    identifier_uris TEXT NOT NULL DEFAULT '[]',
    properties TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX applications_app ON applications (app_id, tenant_id);
CREATE INDEX applications_listed ON applications (tenant_id, id) WHERE deleted_at IS NULL;

-- `epoch` is that of the one standing grant of app-only tokens (graph G77 rm_gid).
CREATE TABLE service_principals (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    app_id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    account_enabled INTEGER NOT NULL DEFAULT 1 CHECK (account_enabled IN (0, 1)),
    assignment_required INTEGER NOT NULL DEFAULT 0 CHECK (assignment_required IN (0, 1)),
    hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
    properties TEXT NOT NULL DEFAULT '{}',
    epoch BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX service_principals_app ON service_principals (app_id, tenant_id);
CREATE INDEX service_principals_listed ON service_principals (tenant_id, id) WHERE deleted_at IS NULL;

CREATE TABLE client_secrets (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('sha256', 'argon2')),
    hash TEXT NOT NULL,
    hint TEXT,
    display_name TEXT,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX client_secrets_application ON client_secrets (application_id);

CREATE TABLE app_role_assignments (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    principal_id TEXT NOT NULL,
    principal_type TEXT NOT NULL CHECK (principal_type IN ('User', 'Group', 'ServicePrincipal')),
    resource_id TEXT NOT NULL REFERENCES service_principals (id) ON DELETE CASCADE,
    app_role_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (principal_id, resource_id, app_role_id)
);
CREATE INDEX app_role_assignments_resource ON app_role_assignments (resource_id);

CREATE TABLE permission_grants (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES service_principals (id) ON DELETE CASCADE,
    resource_id TEXT NOT NULL REFERENCES service_principals (id) ON DELETE CASCADE,
    consent_type TEXT NOT NULL CHECK (consent_type IN ('AllPrincipals', 'Principal')),
    principal_id TEXT,
    scope TEXT NOT NULL,
    given_by TEXT NOT NULL DEFAULT 'administrator' CHECK (given_by IN ('administrator', 'user')),
    CHECK ((consent_type = 'Principal') = (principal_id IS NOT NULL))
);
CREATE UNIQUE INDEX permission_grants_one ON permission_grants (client_id, resource_id, COALESCE(principal_id, ''));
CREATE INDEX permission_grants_principal ON permission_grants (principal_id) WHERE principal_id IS NOT NULL;

-- What a seed made, by its key in the file; a row whose object is gone is the tombstone (interfaces.md, seed file).
CREATE TABLE seed_objects (
    scope TEXT NOT NULL,
    kind TEXT NOT NULL,
    entry_key TEXT NOT NULL,
    object_id TEXT NOT NULL,
    applied TEXT NOT NULL,
    PRIMARY KEY (scope, kind, entry_key)
);
