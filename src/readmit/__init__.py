"""readmit: a guest directory whose guests keep their access when their identity changes."""

__version__ = "0.1.0"
