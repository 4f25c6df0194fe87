"""The demo: five versions of one app, released on the local cluster, decided by real traffic."""
