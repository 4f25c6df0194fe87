"""Stand-in for the Go SDK that Pulumi's plug-ins are built on: protocol, values, errors, log and server."""
