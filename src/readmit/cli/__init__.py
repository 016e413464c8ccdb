"""The `readmit` command, one file per command group."""
