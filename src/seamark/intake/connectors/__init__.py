"""Services and feeds. The only part of this room that opens the network."""
