"""Changes that a language model writes, on request: asked for, checked, kept, and opened as pull requests. Off unless a model is named."""
