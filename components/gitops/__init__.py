"""GitOps engines, one file each: the model, and the objects that tell the engine what to deliver."""
