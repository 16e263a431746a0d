package main

import "shop.example/shop/test/double"

func main() { double.Serve() }
