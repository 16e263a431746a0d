package parse

func Parse(s string) {}
