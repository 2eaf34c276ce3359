"""Measurements of the product beside its alternatives: `python -m bench [NAME…] [--quick]`."""
