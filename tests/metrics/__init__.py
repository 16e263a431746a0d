"""Tests of the measures and what tells them."""
