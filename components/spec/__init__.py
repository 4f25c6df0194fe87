"""What a user writes: typed models of a cluster and its apps, without Pulumi and without side effects."""
