-- A sign-in's day runs from its proof here; the person may have signed in at the home identity provider long before.
-- NULL: the two are one.
ALTER TABLE sign_ins ADD COLUMN authenticated_at BIGINT;
