"""Why can this guest not sign in? Facts in, findings out; `rules.explain` is the door."""
