"""What goes out: tickets and messages, through channels of which each is one file."""
