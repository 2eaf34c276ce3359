"""Writes the reference pages that the code already knows: `make docs`, checked by tests/repo."""
