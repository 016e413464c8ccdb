"""The OpenID provider's endpoints."""
