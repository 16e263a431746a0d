"""The deploy gate: what is known of an image, an application or an SBOM, the policies' word on it, and the forms it is asked in."""
