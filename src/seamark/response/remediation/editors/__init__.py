"""Editors: they change versions in manifests, lock files, images and workflows, and keep every other byte."""
