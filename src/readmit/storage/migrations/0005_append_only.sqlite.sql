-- SQLite only: an audit event is never changed, and goes only when its retention of 365 days is over (security J2).
CREATE TRIGGER audit_events_unchanged BEFORE UPDATE ON audit_events BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END;
CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events WHEN OLD.at > (CAST(strftime('%s', 'now') AS INTEGER) - 31536000) * 1000000 BEGIN SELECT RAISE(ABORT, 'audit events are kept for 365 days'); END;
