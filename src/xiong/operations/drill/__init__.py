"""Fault drills: inject, measure how it is seen, told and healed, clean up, keep the score."""
