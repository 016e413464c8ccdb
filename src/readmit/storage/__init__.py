"""All SQL. Functions take a transaction; only `database.py` commits."""
