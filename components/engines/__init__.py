"""Progressive-delivery engines, one file each: a plan becomes plain manifests."""
