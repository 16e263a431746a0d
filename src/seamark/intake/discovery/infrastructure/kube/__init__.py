"""Kubernetes objects, from whatever file they come: what runs, what answers, what is open to whom."""
