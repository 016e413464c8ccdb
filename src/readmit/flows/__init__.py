"""What happens: one function is one transaction (load, decide, save)."""
