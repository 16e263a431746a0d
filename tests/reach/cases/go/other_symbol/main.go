package main

import "golang.org/x/text/language"

func main() { println(language.English.String()) }
