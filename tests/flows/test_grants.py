"""Codes, refresh tokens and what they are exchanged for (security O2 to O5, graph G73)."""
