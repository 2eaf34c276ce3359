"""Platforms supply primitives (base.py), never verbs."""
