"""Releases while they run: what they are doing, why they failed, and what people do about them, for every engine."""
