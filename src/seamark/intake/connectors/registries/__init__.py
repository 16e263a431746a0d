"""What package registries say of packages: their releases, and what each release needs."""
