"""What runs, against what is known of it: the scans, inventories, attestations and builds of its images, and its declaration in git."""
