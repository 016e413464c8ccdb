"""Applying a seed file once, again, with --force and after changes (interfaces, seed file)."""
