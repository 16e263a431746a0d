"""One module for each sort of file that tells of assets: Dockerfiles, manifests, pipelines, API descriptions."""
