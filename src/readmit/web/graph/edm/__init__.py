"""The entity data model: which types Graph's answers have, and what is reached from where (graph G25, G21)."""
