"""The rules, one module for each family; a module lists its own in RULES and knows no other."""
