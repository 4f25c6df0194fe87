"""Stand-ins for Pulumi's plug-ins (python language host, policy analyzer, kubernetes and random providers).

They keep the behaviour that was observed on the official plug-ins, for what this project uses, and refuse the rest
by name. They serve machines that cannot download Pulumi's own; `PLUGINS=official` selects those.
"""
