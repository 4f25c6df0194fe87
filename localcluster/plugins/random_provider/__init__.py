"""Stand-in for pulumi-resource-random: RandomPassword, RandomString, RandomId and RandomPet; one file per resource."""
