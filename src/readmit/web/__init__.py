"""Doors for HTTP: parse, one flow, render. No rules."""
