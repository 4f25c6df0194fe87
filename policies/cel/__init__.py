"""The rules in CEL: one file for each family in rules/, with the name of that file."""
