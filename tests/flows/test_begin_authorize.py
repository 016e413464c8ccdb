"""An application's authorization request against a live sign-in (security O10, P11)."""
