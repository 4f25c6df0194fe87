"""Setting up a fresh machine: what it lacks, the virtual environment, the tools. Standard library only."""
