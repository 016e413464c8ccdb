-- How long ago a mailbox was mailed a code, whoever asked (security C6).
CREATE INDEX passcodes_address ON passcodes (address_key, created_at);
