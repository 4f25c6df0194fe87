"""Measurements; every result file says which command made it."""
