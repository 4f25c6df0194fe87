"""Knative Services: how they run an app's pods, and what they refuse in them."""
