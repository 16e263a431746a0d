//go:build ignore

package main

import "gopkg.in/yaml.v3"

func main() { yaml.Unmarshal(nil, nil) }
