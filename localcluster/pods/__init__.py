"""The process that answers for every app's pods, each on its own address."""
