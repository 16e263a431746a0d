"""How numbers and dates are written, where a language differs from what the pages rely on."""
