"""Languages: negotiation and catalogues."""
