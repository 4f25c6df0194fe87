"""What the engines' controllers report, one file each."""
