package main

import "shop.example/shop/db"

func main() { db.Open() }
