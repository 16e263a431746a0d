"""The only Django app with models, and the only room that speaks SQL."""
