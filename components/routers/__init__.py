"""Traffic routers, one file each: the model, both engines' stanzas, the router's own objects."""
