"""Parallel use of one code or refresh token leaves one chain (security O3, O5)."""
