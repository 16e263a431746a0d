"""Tickets at other services: one for each fix, opened, kept in step, closed and opened again by what is found."""
