from yaml import safe_load, safe_dump
safe_load("x")
