"""Other people's systems: forges that are told, pipelines that ask."""
