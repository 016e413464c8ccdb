-- Mailboxes that want no invitations of a tenant; set and lifted by who proves the mailbox (lifecycle L39).
CREATE TABLE mail_blocks (
    tenant_id TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    address_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, address_key)
);
