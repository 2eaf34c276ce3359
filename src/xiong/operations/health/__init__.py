"""Deep checks: what is well, what is not, and what it depends on."""
