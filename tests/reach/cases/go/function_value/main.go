package main

import "golang.org/x/text/language"

func each(words []string, f func(string) (language.Tag, error)) {
	for _, w := range words {
		f(w)
	}
}

func main() { each([]string{"de"}, language.Parse) }
