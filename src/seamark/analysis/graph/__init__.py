"""Questions to the graph of assets: what a flaw reaches, who can reach it, by which way, in which order to mend."""
