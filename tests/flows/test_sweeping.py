"""What the server does by itself: sweeping, keys, the first tenant, the local client."""
