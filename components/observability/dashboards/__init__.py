"""Dashboards, one file for each kind; a file here with a `dashboards` function is asked for those of every stack."""
