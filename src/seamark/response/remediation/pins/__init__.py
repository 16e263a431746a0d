"""What files pin from elsewhere (images, actions, modules, providers, charts): what may be chosen for each, and what that clears."""
