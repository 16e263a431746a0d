package main

import "shop.example/shop/internal/hello"

func main() { hello.Say() }
