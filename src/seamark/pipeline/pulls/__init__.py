"""Pull requests of fixes: asked for, made, followed, merged where that is safe, and verified."""
