"""What runs, as clusters and clouds tell it in answers that somebody wrote to a file: bytes in, values out."""
