package wrap

import "github.com/acme/parse"

func Wrap() { parse.Parse("") }
