"""Stand-in for pulumi-resource-kubernetes: when an object counts as ready; one file per kind, discovered by its KEY.

A file has KEY (version/kind), DEFAULT_SECONDS and status(live, elapsed, look) -> Status. Kinds without a file are
ready when the API server has stored them.
"""
