"""How fast Seamark is, measured beside the limits of the machine in the same run. Start with `python -m benchmarks`."""
