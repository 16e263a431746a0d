"""What pipelines that upload to DefectDojo call, so that changing the address is enough. Written from its public API description."""
