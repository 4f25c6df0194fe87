"""What each engine needs of routers and metric providers: one file per engine."""
