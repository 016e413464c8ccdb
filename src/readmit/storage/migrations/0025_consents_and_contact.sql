-- What a user consented to himself stands beside what an administrator gave him: it ends with his identity, the other stays.
DROP INDEX permission_grants_one;
CREATE UNIQUE INDEX permission_grants_one
    ON permission_grants (client_id, resource_id, COALESCE(principal_id, ''), given_by);

-- Whom guests turn to about their data (Graph's privacyProfile.contactEmail).
ALTER TABLE tenants ADD COLUMN privacy_contact TEXT;
