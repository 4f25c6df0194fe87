"""What each engine needs of routers, metric providers and notification channels: one file per engine."""
