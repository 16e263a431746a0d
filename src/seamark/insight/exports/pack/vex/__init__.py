"""VEX documents of one product: what is said of each vulnerability in each of its components, in the three forms that tools read."""
