"""The ledger: a Merkle tree over every decision, in which nothing can be changed, removed or reordered unnoticed."""
