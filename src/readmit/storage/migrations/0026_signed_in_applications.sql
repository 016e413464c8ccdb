-- The applications that a browser's session is signed in to: each is told when it ends (Front-Channel Logout 1.0).
CREATE TABLE signed_in_applications (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (session_id, tenant_id, client_id)
);
