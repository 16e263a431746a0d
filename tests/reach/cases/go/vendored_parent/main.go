package main

import "github.com/acme/wrap"

func main() { wrap.Wrap() }
