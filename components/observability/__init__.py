"""How a cluster's releases are watched: alerts, recorded series and dashboards, derived from stack and plans."""
