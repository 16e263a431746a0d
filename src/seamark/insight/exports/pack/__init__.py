"""Evidence packs for auditors: one ZIP file that is read by people, by tools, and verified by anybody without a server."""
