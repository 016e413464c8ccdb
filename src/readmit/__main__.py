"""`python -m readmit` is the `readmit` command."""

from readmit.cli.main import main

main()
