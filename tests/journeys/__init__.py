"""Whole corridors, on a served site over the real database, in real browsers."""
