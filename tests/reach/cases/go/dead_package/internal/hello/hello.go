package hello

func Say() { println("hello") }
