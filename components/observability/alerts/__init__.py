"""What people are told of, one file each; a file here with an `ALERT` becomes rules of every stack."""
