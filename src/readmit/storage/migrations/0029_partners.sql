-- What a tenant does differently for one other organisation, which need not be on this server (graph G45).
-- One text for SQLite and PostgreSQL; `settings` is JSON by Graph's names.
CREATE TABLE cross_tenant_partners (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    partner_id TEXT NOT NULL,
    settings TEXT NOT NULL,
    PRIMARY KEY (tenant_id, partner_id)
);
