"""Answers of a Kubernetes API, as `kubectl get … -o json` or `-o yaml` writes them."""
