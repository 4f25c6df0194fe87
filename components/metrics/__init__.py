"""Metric providers, one file each: the model, the queries, the conditions."""
