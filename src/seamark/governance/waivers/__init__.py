"""Waivers: approved exceptions from policies, that end. Nothing else unblocks a gate."""
