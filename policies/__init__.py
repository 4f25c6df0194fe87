"""The policy pack: rules over plain Kubernetes objects, and one adapter that shows them to Pulumi's engine.

Self-contained: it imports nothing of the library, because it is also published on its own.
"""
