"""Platform pieces, one file each; a file here with a `PIECE` is installed where a stack's choices need it."""
