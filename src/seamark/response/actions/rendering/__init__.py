"""Texts of acts as each far side shows them. Nothing in a text becomes mark-up, mention, command or image of the far side."""
