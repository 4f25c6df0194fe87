"""What the platform's Argo CD is told: its settings, its secrets, and what its pods are changed in."""
