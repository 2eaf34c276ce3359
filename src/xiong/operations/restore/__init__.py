"""Brings data back: always into a new place, checked there, and only then in the place of the old."""
